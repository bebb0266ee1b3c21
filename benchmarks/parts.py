"""What is measured, part by part. Tools and cases alternate, round by round, so that drift hits all alike."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from . import knowledge
from .lab import Lab, Size
from .results import Run
from .targets import COUNTS, TARGETS
from .tool import OUT, Command, ascendc

SMALL = Size("ViT-B/32", "openai/clip-vit-base-patch32")
LARGER = (
    Size("ViT-B/16", "openai/clip-vit-base-patch16", rounds=3),
    Size("ViT-L/14", "openai/clip-vit-large-patch14", rounds=2),
    Size("ViT-H/14", "laion/CLIP-ViT-H-14-laion2B-s32B-b79K", rounds=1),
)
CHANGES: Mapping[str, tuple[str, ...]] = {
    "no change": (),
    "SoC changed": ("targets[0].soc=Ascend310B4",),
    "AIPP changed": ("targets[0].parts.image.aipp=rgb",),
}
"""Second builds → what ``--set`` changes."""
HELP = "ascendc --help"


def cold(lab: Lab, rounds: int) -> Iterator[Run]:
    """All tools on the small model, from nothing."""
    _warm_up(lab)
    yield from _compare(lab, SMALL, rounds)


def sizes(lab: Lab, rounds: int) -> Iterator[Run]:
    """All tools on larger models, from nothing."""
    _warm_up(lab)
    for size in LARGER:
        yield from _compare(lab, size, min(rounds, size.rounds))


def rebuild(lab: Lab, rounds: int) -> Iterator[Run]:
    """Second builds into a store and a bundle that hold the first, and ``--help``, where nothing is built."""
    checkpoint = lab.checkpoint(SMALL)
    for _ in range(rounds):
        with lab.folder() as folder:
            for case, overrides in CHANGES.items():
                lab.run("(first build)", "ascendc", ascendc(checkpoint, folder))  # cold, or back from the last change
                yield lab.run(case, "ascendc", ascendc(checkpoint, folder, overrides=overrides))
        yield lab.run(HELP, "ascendc", Command((str(Path(sys.executable).with_name("ascendc")), "--help")))


def targets(lab: Lab, rounds: int) -> Iterator[Run]:
    """One recipe for more and more targets, from nothing."""
    checkpoint = lab.checkpoint(SMALL)
    _warm_up(lab, peers=False)
    for _ in range(rounds):
        for count in COUNTS:
            with lab.folder() as folder:
                yield lab.run(str(count), "ascendc", ascendc(checkpoint, folder, TARGETS[:count]))


def answers(lab: Lab, rounds: int) -> Iterator[Run]:
    """What is asked before ATC runs: of a file of 0.6 GB beside what a user would write by hand, and of texts."""
    root = lab.root / "knowledge"
    asked = knowledge.commands(root)
    for measured in (False, *(True,) * rounds):
        for case, tools in asked.items():
            for tool, command in tools.items():
                run = lab.run(case, tool, command, knowledge.size(root) if case == knowledge.CHECK else 0)
                if measured:
                    yield run


PARTS: Mapping[str, tuple[Callable[[Lab, int], Iterator[Run]], int]] = {
    "cold": (cold, 5),
    "rebuild": (rebuild, 5),
    "targets": (targets, 3),
    "sizes": (sizes, 3),
    "answers": (answers, 5),
}
"""Name → function and rounds."""


def _compare(lab: Lab, size: Size, rounds: int) -> Iterator[Run]:
    """Each tool once a round; one that does not manage is not asked again."""
    checkpoint = lab.checkpoint(size)
    tools = dict(lab.tools)
    for _ in range(rounds):
        for name, command in list(tools.items()):
            with lab.folder() as folder:
                run = lab.run(size.name, name, command(checkpoint, folder), checkpoint.weights)
                if not run.failed and _written(folder / OUT) < 0.9 * checkpoint.weights:
                    run = Run(size.name, name, failed="exit code 0, but the weights are not in what it wrote")
            yield run
            if run.failed:
                del tools[name]


def _written(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _warm_up(lab: Lab, *, peers: bool = True) -> None:
    """Each tool once, unmeasured: its files are in the page cache and compiled after that."""
    for name, command in lab.tools.items():
        if peers or name == "ascendc":
            with lab.folder() as folder:
                lab.run("(warm-up)", name, command(lab.checkpoint(SMALL), folder))
