"""Every command that the documentation shows is run, and what it prints is compared with what the page says.

``…`` in a line stands for anything; a line of nothing else stands for any lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def blocks(page, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)


def commands(page):
    """Each ``$ command`` of the page's console blocks, with the output that follows it."""
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def pattern(output):
    lines = [
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", ".*?") + r" *\n"
        for line in output.splitlines()
    ]
    return "".join(lines)


def run(command, folder, **environment):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    cache = os.environ["ASCENDC_CACHE"]
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "ASCENDC_CACHE": cache, "COLUMNS": "200", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def check(command, output, done):
    assert re.fullmatch(pattern(output), done.stdout), f"$ {command}\n{done.stdout}\n--- the page says\n{output}"


def test_the_readme_s_commands_print_what_it_says(tmp_path):
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    for command, output in commands("README.md"):
        done = run(command, tmp_path)
        check(command, output, done)
        refused = "ATC would not" in output
        assert done.returncode == (2 if "Ascend910B\n" in f"{command}\n" else 4 if refused else 0)


def test_the_readmes_show_the_same_commands():
    assert blocks("README.zh-CN.md", "console") == blocks("README.md", "console")
    assert blocks("README.zh-CN.md", "sh") == blocks("README.md", "sh")


def follow(page, folder, codes=None):
    """Run the page's commands in turn, its plugin installed for this test alone."""
    for command, output in commands(page):
        if command == "pip install -e .":
            install = "python -m pip install --quiet --no-deps --no-build-isolation --target site ."
            assert run(install, folder).returncode == 0
            continue
        done = run(command, folder, PYTHONPATH=str(folder / "site"))
        check(command, output, done)
        assert done.returncode == (codes or {}).get(command, 0)


def test_the_plugin_page_s_plugin_works(tmp_path):
    page = "docs/write-a-model-plugin.md"
    [module, a_pass], [project], [recipe] = blocks(page, "python"), blocks(page, "toml"), blocks(page, "yaml")
    (tmp_path / "toy.py").write_text(f"{module}\n\n{a_pass}")
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "toy.yaml").write_text(recipe)
    follow(page, tmp_path)
    assert run("build/toy/deploy.sh", tmp_path).returncode == 0


HALF = "docs/write-a-device-half.md"


def test_the_device_half_page_s_plugin_works(tmp_path):
    [host, device, tests], [project], [recipe] = blocks(HALF, "python"), blocks(HALF, "toml"), blocks(HALF, "yaml")
    (tmp_path / "wordy/device").mkdir(parents=True)
    (tmp_path / "wordy/__init__.py").write_text(host)
    (tmp_path / "wordy/device/__init__.py").write_text(device)
    (tmp_path / "test_wordy.py").write_text(tests)
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "wordy.yaml").write_text(recipe)
    follow(HALF, tmp_path, codes={"ascendc run build/wordy --image nothing.png": 2})
    assert run("build/wordy/deploy.sh", tmp_path).returncode == 0


def test_the_device_half_page_names_what_the_runtime_exports():
    import ascendc_runtime

    [exports] = re.findall(r"It exports (.*?);\n", (ROOT / HALF).read_text(encoding="utf-8"), re.S)
    assert set(re.findall(r"`(\w+)`", exports)) == {name for name in vars(ascendc_runtime) if not name.startswith("_")}


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "README.zh-CN.md",
        "CONTRIBUTING.md",
        "docs/write-a-model-plugin.md",
        HALF,
        "docs/bundle.md",
        "docs/bench.md",
    ],
)
def test_links_lead_somewhere(page):
    folder = (ROOT / page).parent
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert (folder / target).exists(), target


def test_the_readme_s_recipe_is_one(tmp_path):
    from ascendc.recipe import load

    [recipe] = blocks("README.md", "yaml")
    (tmp_path / "recipe.yaml").write_text(recipe)
    loaded = load(tmp_path / "recipe.yaml")
    assert loaded.targets[0].part("text").batch.sizes == (1, 2, 4, 8)
