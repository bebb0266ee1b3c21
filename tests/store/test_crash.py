"""Builds that are killed, raced, starved of disk: the bundle is always the one of an undisturbed build, or none.

A kill is put right before or after the n-th call by which anything appears, moves or goes on the disk, or into the
middle of a write; the short form takes a few moments, `make soak` takes hundreds and adds kills by the clock.
"""

from __future__ import annotations

import gc
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ascendc import driver
from ascendc.bundle import pack
from ascendc.store import Store

RECIPE = Path(__file__).parents[2] / "recipes" / "onnx.yaml"
OTHER = "targets[0].soc=Ascend310P1"

HOOK = """
import atexit, builtins, os, pathlib, shutil, signal

at, when = int(os.environ["CRASH_AT"]), os.environ["CRASH_WHEN"]
count = 0


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def watch(owner, name, half=None):
    real = getattr(owner, name)

    def call(*args, **options):
        global count
        count += 1
        mine = count == at
        if mine and when == "before":
            if half is not None:
                half(real, *args)
            die()
        try:
            return real(*args, **options)
        finally:
            if mine and when == "after":
                die()

    setattr(owner, name, call)


def half_copy(real, source, target, *_):
    content = pathlib.Path(source).read_bytes()
    with builtins.open(target, "wb") as file:
        file.write(content[: len(content) // 2])


for name in ("rename", "replace", "link", "unlink", "mkdir", "rmdir", "chmod", "utime"):
    watch(os, name)
for name in ("write_text", "write_bytes"):
    watch(pathlib.Path, name, lambda real, path, content: real(path, content[: len(content) // 2]))
watch(shutil, "copyfile", half_copy)
if "CRASH_COUNT" in os.environ:
    atexit.register(lambda: builtins.open(os.environ["CRASH_COUNT"], "w").write(str(count)))
"""


class Place:
    """A store and an output folder of their own, and how to build there."""

    def __init__(self, folder, hook):
        self.folder, self.out, self.hook = folder, folder / "out", hook

    def environment(self, **more):
        path = os.pathsep.join(filter(None, (str(self.hook), os.environ.get("PYTHONPATH"))))
        return {**os.environ, "ASCENDC_CACHE": str(self.folder / "store"), "PYTHONPATH": path, **more}

    def command(self, *words, out=None):
        return [sys.executable, "-m", "ascendc", "build", RECIPE, "-o", out or self.out, *words]

    def killed_at(self, at, when, *words, **more):
        """Build in a process that kills itself there; whether it came so far. One step at a time: calls are counted."""
        environment = self.environment(CRASH_AT=str(at), CRASH_WHEN=when, **more)
        done = subprocess.run(self.command("-q", "-j1", *words), env=environment, capture_output=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
        return done.returncode != 0

    def build(self, monkeypatch, *overrides):
        """Build here, undisturbed."""
        monkeypatch.setenv("ASCENDC_CACHE", str(self.folder / "store"))
        outcome = driver.build(RECIPE, output=self.out, overrides=overrides)
        gc.collect()  # the store is let go, as by a process that has ended
        return outcome

    def digest(self):
        return pack.pack(self.out, self.folder / "packed.tar.gz").sha256

    def is_whole_or_absent(self):
        """What a kill may leave where people look."""
        if self.out.exists():
            pack.verify(self.out)
        assert Store(self.folder / "store").check() == ()

    def beside(self):
        """Folders that lie beside the bundle under hidden names."""
        return [path.name for path in self.folder.iterdir() if path.name.startswith(".out") and path.is_dir()]


@pytest.fixture
def place(tmp_path):
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(HOOK)

    def make(name, like=None):
        folder = tmp_path / name
        if like is None:
            folder.mkdir()
        else:
            shutil.copytree(like.folder, folder)
        return Place(folder, hook)

    return make


def moments(place, many, *words):
    """So many moments of a build, spread over all of it: number of a call, and before it or after."""
    counted = place.folder / "count"
    assert not place.killed_at(0, "never", *words, CRASH_COUNT=str(counted))
    total = int(counted.read_text())
    assert total > 50
    dice = random.Random(total)
    return [
        (dice.randint(1 + i * total // many, max(1, (i + 1) * total // many)), dice.choice(("before", "after")))
        for i in range(many)
    ]


FEW_OR_MANY = pytest.mark.parametrize("many", [6, pytest.param(100, marks=pytest.mark.soak)])


@FEW_OR_MANY
def test_a_first_build_that_is_killed_goes_on(place, monkeypatch, many):
    undisturbed = place("undisturbed")
    when_to = moments(undisturbed, many)
    expected = undisturbed.digest()
    killed = 0
    for number, (at, when) in enumerate(when_to):
        here = place(f"killed-{number}")
        killed += here.killed_at(at, when)
        here.is_whole_or_absent()
        outcome = here.build(monkeypatch)
        assert outcome.notes == (), (at, when)
        assert here.digest() == expected, (at, when)
        assert here.beside() == []
        assert list((here.folder / "store" / "work").iterdir()) == []
        shutil.rmtree(here.folder)
    assert killed >= many - 1  # a run may have a call less than the one that was counted


@FEW_OR_MANY
def test_a_bundle_that_is_replaced_loses_nothing_to_a_kill(place, monkeypatch, many):
    """An OM that nobody could make again lies in it."""
    old = place("old")
    old.build(monkeypatch)
    before = old.digest()
    (old.out / "models" / "image.om").write_bytes(b"hours of ATC")
    new = place("new", like=old)
    when_to = moments(new, many, "--set", OTHER)
    expected = new.digest()
    assert expected != before
    killed = 0
    for number, (at, when) in enumerate(when_to):
        here = place(f"killed-{number}", like=old)
        killed += here.killed_at(at, when, "--set", OTHER)
        here.build(monkeypatch, OTHER)
        assert here.digest() == expected, (at, when)
        assert here.beside() == []
        assert (here.folder / "out.kept" / "models" / "image.om").read_bytes() == b"hours of ATC", (at, when)
        shutil.rmtree(here.folder)
    assert killed >= many - 1


@pytest.mark.soak
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_stopped_by_the_clock_it_goes_on(place, monkeypatch, sent):
    undisturbed = place("undisturbed")
    undisturbed.build(monkeypatch)
    expected, dice = undisturbed.digest(), random.Random(0)
    for number in range(30):
        here = place(f"stopped-{number}")
        environment = here.environment(CRASH_AT="0", CRASH_WHEN="never")
        child = subprocess.Popen(here.command("-q"), env=environment, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.3, 1.5))
        child.send_signal(sent)
        assert child.wait() in (0, 130, -sent)
        here.is_whole_or_absent()
        here.build(monkeypatch)
        assert here.digest() == expected
        shutil.rmtree(here.folder)


@pytest.mark.parametrize("rounds", [2, pytest.param(50, marks=pytest.mark.soak)])
def test_builds_that_race_on_one_store_share_and_never_clash(place, rounds):
    """Two for one folder, one for another target, two that stop early in one folder: all at once."""
    expected = None
    for number in range(rounds):
        here = place(f"race-{number}")
        commands = [
            here.command(),
            here.command(),
            here.command("--set", OTHER, out=here.folder / "other"),
            here.command("--until", "fix", out=here.folder / "graphs"),
            here.command("--until", "fix", out=here.folder / "graphs"),
        ]
        environment = here.environment(CRASH_AT="0", CRASH_WHEN="never")
        children = [
            subprocess.Popen([*command, "-q"], env=environment, stderr=subprocess.PIPE, text=True)
            for command in commands
        ]
        for child in children:
            said = child.communicate()[1]
            assert (child.returncode, said) == (0, "")
        here.is_whole_or_absent()
        expected = expected or here.digest()
        assert here.digest() == expected
        pack.verify(here.folder / "other")
        assert (here.folder / "graphs" / "model.onnx").is_file()
        stages = [entry.stage for entry in Store(here.folder / "store").entries()]
        once, twice = ["assets", "export", "fix", "forecast", "golden", "judge", "verify"], ["check", "package"]
        assert sorted(stages) == sorted([*once, *twice, *twice])
        shutil.rmtree(here.folder)


NO_ROOM = re.compile(
    r"ascendc: (ASC1901|ASC1903|ASC1003) .* (cannot be written|cannot write its results): No space left on device\n"
    r"  hint: .*ASCENDC_CACHE"
)


@pytest.mark.parametrize("kilobytes", [60, 160, 400])
def test_a_store_on_a_full_disk(place, small_disk, remount, monkeypatch, kilobytes):
    """Wherever in the build it is full, it says so; with room the build goes on, and nothing was torn."""
    here = place("full")
    (here.folder / "store").symlink_to(small_disk)
    remount(f"size={kilobytes}k")
    environment = here.environment(CRASH_AT="0", CRASH_WHEN="never")
    done = subprocess.run(here.command(), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stderr
    assert NO_ROOM.search(done.stderr), done.stderr
    assert not here.out.exists()

    remount("size=16m")
    here.is_whole_or_absent()
    assert here.build(monkeypatch).notes == ()
    undisturbed = place("undisturbed")
    undisturbed.build(monkeypatch)
    assert here.digest() == undisturbed.digest()


def test_a_bundle_on_a_full_disk(place, small_disk, remount, monkeypatch):
    here = place("full")
    remount("size=100k")
    environment = here.environment(CRASH_AT="0", CRASH_WHEN="never")
    command = here.command("-q", out=small_disk / "out")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stderr
    assert (
        f"ascendc: ASC1805 the bundle cannot be written at {small_disk}/out: No space left on device\n"
        "  hint: free some space or choose another place with -o\n"
    ) in done.stderr
    assert not (small_disk / "out").exists()
    remount("size=16m")
    here.out = small_disk / "out"
    here.build(monkeypatch)
    pack.verify(here.out)


def test_a_build_whose_every_step_is_stored_needs_no_store_that_can_be_written(place, small_disk, remount, monkeypatch):
    here = place("read-only")
    (here.folder / "store").symlink_to(small_disk)
    remount("size=16m")
    here.build(monkeypatch)
    expected = here.digest()
    remount("ro")
    shutil.rmtree(here.out)
    environment = here.environment(CRASH_AT="0", CRASH_WHEN="never")
    done = subprocess.run(here.command("-q"), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert here.digest() == expected

    command = here.command("-q", "--set", OTHER)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert (
        f"ascendc: ASC1903 the store at {here.folder}/store cannot be written: Read-only file system\n"
        "  hint: set ASCENDC_CACHE to a folder that can\n"
    ) in done.stderr
    assert here.digest() == expected


def test_an_interrupt_reaches_a_build_that_waits_for_another(place):
    here = place("waits")
    environment = here.environment(CRASH_AT="0", CRASH_WHEN="never")
    program = (  # every step has the key that this test holds
        "import sys\nfrom ascendc import keys\nfrom ascendc.cli import main\n"
        "keys.digest = lambda value: 'k' * 64\nsys.argv = ['ascendc', *sys.argv[1:]]\nmain()\n"
    )
    with Store(here.folder / "store").lock("k" * 64):
        child = subprocess.Popen(
            [sys.executable, "-c", program, *here.command("-v")[3:]],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert child.stderr is not None
        assert child.stderr.readline() == "onnx: 9 steps\n"
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=20)[1]
    assert child.returncode == 130, said
    assert not here.out.exists()
