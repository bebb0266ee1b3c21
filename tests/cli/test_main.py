from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ascendc.cli import COMMANDS

HEAVY = (
    "torch",
    "transformers",
    "onnx",
    "onnx_ir",
    "onnxruntime",
    "onnxsim",
    "onnxscript",
    "pydantic",
    "rich",
    "jinja2",
    "numpy",
    "yaml",
)


GOOD = "atc --model=m.onnx --framework=5 --output=m --soc_version=Ascend310P3 --input_shape=pixels:1,3,32,32"
COLORS = str(Path(__file__).parents[2] / "recipes" / "colors" / "colors.onnx")


def loaded(modules, *arguments):
    """What ``ascendc`` prints, and which of `modules` it has loaded when it ends."""
    program = (
        f"import sys\nfrom ascendc.cli import main\nsys.argv = ['ascendc', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        f"print('LOADED', [m for m in {modules!r} if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    printed, _, found = done.stdout.rpartition("LOADED ")
    return printed, found.strip()


def test_help_lists_every_verb_and_loads_nothing_heavy():
    printed, found = loaded(HEAVY, "--help")
    for verb, about in COMMANDS.items():
        assert f"  {verb} " in printed
        assert about in printed
    assert found == "[]"


@pytest.mark.parametrize(
    "arguments",
    [("soc", "310P3"), ("atc", "lint", GOOD, "--model", COLORS), ("atc", "docs", "soc_version"), ("explain", "E16002")],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_answers_from_tables_load_nothing_heavy(arguments):
    assert loaded(HEAVY, *arguments)[1] == "[]"


@pytest.mark.parametrize("verb", ["check", "estimate"])
def test_graphs_are_looked_at_without_torch(verb):
    assert loaded(("torch", "transformers", "onnxruntime"), verb, COLORS, "--soc", "310P3")[1] == "[]"


def test_every_verb_is_a_command_with_help(ascendc):
    for verb in COMMANDS:
        ran = ascendc(verb, "--help")
        assert ran.code == 0
        assert ran.out.startswith("Usage: ascendc " + verb)


def test_an_unknown_verb_guesses(ascendc):
    ran = ascendc("biuld")
    assert ran.code == 2
    assert "No such command `biuld`. Did you mean `build`? Allowed: aipp, atc, bench, build, bundle, " in ran.err


def test_version(ascendc):
    from ascendc import __version__

    assert ascendc("--version").out == f"ascendc, version {__version__}\n"


def test_completion_is_click_s_own():
    done = subprocess.run(
        [sys.executable, "-m", "ascendc"],
        env={"_ASCENDC_COMPLETE": "bash_source", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_ascendc_completion" in done.stdout


def test_plugins_lists_all_with_their_owners(ascendc):
    ran = ascendc("plugins")
    assert ran.code == 0
    assert "  clip            ascendc 0.1.0  transformers' CLIPModel" in ran.out
    assert "  eos-pool        ascendc 0.1.0  fp16 cannot tell the tokens" in ran.out
    assert "  docker          ascendc 0.1.0  Runs" in ran.out


def test_plugins_as_json(ascendc):
    import json

    record = json.loads(ascendc("plugins", "--json").out)
    assert record["models"]["onnx"]["owner"] == "ascendc 0.1.0"
    assert record["broken"] == []


def test_a_guest_s_plugin_is_listed_beside_ours(ascendc, toy_plugin):
    listed = ascendc("plugins").out.splitlines()
    assert "  toy             toy-plugin 0.1" in listed
    assert any(line.startswith("  clip            ascendc 0.1.0   transformers'") for line in listed)
