"""What is run in a measuring process: one part, or all of them together as one question needs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ascendc.bench.feeds import Preparation, load, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ascendc.bench.feeds import Arrays, Given, Half
    from ascendc.runtime import Session

    Call = Callable[[], object]
    Feeds = dict[str, Arrays]


@dataclass(frozen=True)
class Member:
    """A part whose session is open."""

    part: str
    session: Session
    golden: Arrays
    preparation: Preparation | None
    """None: it is not made from what was given, and runs on golden inputs."""


def member(part: str, session: Session, golden: Arrays, half: Half, given: Given) -> Member:
    """A part, and how it is made from what was given.

    Raises:
        InputError: it is made from that, and what was given is wrong.
    """
    preparation = Preparation(half, part, session) if given else None
    takes = preparation is not None and preparation.takes(given)
    return Member(part, session, golden, preparation if takes else None)


class Alone:
    """One part, in batches of exactly the size that is asked for."""

    def __init__(self, one: Member, given: Given) -> None:
        self._one, self._given = one, given
        self.inputs: Literal["given", "golden"] = "given" if one.preparation else "golden"

    def refused(self, batch: int) -> str:
        """Why the engine takes no such batch; empty: it does."""
        sizes = self._one.session.batch_sizes
        if not sizes or batch in sizes:
            return ""
        return f"it was compiled for a batch of {' or '.join(map(str, sizes))}, not {batch}"

    def feeds(self, batch: int) -> Feeds:
        """The inputs of a run, by part."""
        prepared = self._one.preparation
        made = prepared.inputs(self._given.batch(batch)) if prepared else rows(self._one.golden, 0, batch)
        return {self._one.part: made}

    def run(self, feeds: Feeds) -> object:
        """One run, of arrays of the host."""
        return self._one.session.run(feeds[self._one.part])

    def compute(self, feeds: Feeds) -> Call | None:
        """A run without copies; None: the engine cannot tell."""
        return self._one.session.resident(feeds[self._one.part])

    def whole(self, batch: int) -> Call | None:
        """A run with preprocessing; None: nothing was given that it is made from."""
        return partial(self._prepared, batch) if self._one.preparation else None

    def _prepared(self, batch: int) -> object:
        return self.run(self.feeds(batch))

    def answers(self, batch: int) -> dict[str, Arrays]:
        """Outputs on the golden inputs, in runs of exactly `batch` rows."""
        return {self._one.part: _pieces(self._one.session.run, self._one.golden, batch)}


class Together:
    """Several parts, one after the other: `batch` of what is asked about, and all that was given to ask with.

    As ``ascendc run`` does, an OM takes rows in pieces of the sizes that it was compiled for.
    """

    def __init__(self, parts: Sequence[Member], given: Given, half: Half) -> None:
        self._parts, self._given, self._service = parts, given, None
        if all(one.preparation for one in parts):
            self._service = load(half).open_service({one.part: one.session for one in parts}, half.assets)
        self.inputs: Literal["given", "golden"] = "given" if self._service else "golden"

    def refused(self, batch: int) -> str:
        """Nothing is."""
        del batch
        return ""

    def feeds(self, batch: int) -> Feeds:
        """The inputs of a run, by part."""
        if self.inputs == "golden":
            return {one.part: rows(one.golden, 0, batch) for one in self._parts}
        asked = self._given.question(batch)
        return {one.part: one.preparation.inputs(asked) for one in self._parts if one.preparation}

    def run(self, feeds: Feeds) -> object:
        """Each part once, of arrays of the host."""
        return [one.session.run_batched(feeds[one.part]) for one in self._parts]

    def compute(self, feeds: Feeds) -> Call | None:
        """Each part once, without copies; None: an engine cannot tell, or takes the rows in pieces."""
        calls = [_resident(one.session, feeds[one.part]) for one in self._parts]
        if None in calls:
            return None
        return lambda: [call() for call in calls if call]

    def whole(self, batch: int) -> Call | None:
        """The question from files and texts to the answer; None: not all parts are made from what was given."""
        if self._service is None:
            return None
        asked = self._given.question(batch)
        return partial(self._service.run, images=asked.images, texts=asked.texts, arrays=asked.arrays)

    def answers(self, batch: int) -> dict[str, Arrays]:
        """Outputs on the golden inputs, in runs of `batch` rows."""
        return {one.part: _pieces(one.session.run_batched, one.golden, batch) for one in self._parts}


def _resident(session: Session, feeds: Arrays) -> Call | None:
    sizes = session.batch_sizes
    fits = not sizes or len(next(iter(feeds.values()))) in sizes
    return session.resident(feeds) if fits else None


def _pieces(run: Callable[[Arrays], Arrays], golden: Arrays, batch: int) -> Arrays:
    count = len(next(iter(golden.values())))
    pieces: list[Any] = [run(rows(golden, start, batch)) for start in range(0, count, batch)]
    return {name: np.concatenate([piece[name] for piece in pieces])[:count] for name in pieces[0]}
