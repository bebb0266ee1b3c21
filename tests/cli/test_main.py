from __future__ import annotations

import subprocess
import sys

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


def test_help_lists_every_verb_and_loads_nothing_heavy():
    program = (
        "import sys\nfrom ascendc.cli import main\nsys.argv = ['ascendc', '--help']\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        f"print('LOADED', [m for m in {HEAVY!r} if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for verb, about in COMMANDS.items():
        assert f"  {verb} " in done.stdout
        assert about in done.stdout
    assert done.stdout.splitlines()[-1] == "LOADED []"


def test_every_verb_is_a_command_with_help(ascendc):
    for verb in COMMANDS:
        ran = ascendc(verb, "--help")
        assert ran.code == 0
        assert ran.out.startswith("Usage: ascendc " + verb)


def test_an_unknown_verb_guesses(ascendc):
    ran = ascendc("biuld")
    assert ran.code == 2
    assert "No such command `biuld`. Did you mean `build`? Allowed: aipp, atc, build, bundle, " in ran.err


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
