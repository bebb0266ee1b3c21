"""Pictures and texts through a session, to embeddings of unit length, batch after batch."""

from collections import deque
from contextlib import closing
from typing import Callable, Deque, Dict, Generator, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ascendc_runtime import ImageLike, InputError, PictureError, Preprocessing, Session, SessionError, ahead

from .tokens import Tokens

_CHUNK, _CHUNK_ON_CPU = 32, 8
"""Rows at a time for an engine that takes any batch: boards have little memory; a CPU gains nothing from more, and
Ctrl-C is heard between batches."""

_FEWEST_AHEAD = 8
"""Pictures in flight where batches are small, so that every thread has one."""

OnBroken = Callable[[ImageLike, PictureError], None]
"""Is told of a picture that cannot be taken, and why; the picture is left out."""


def stream_images(
    session: Session, preprocessing: Preprocessing, images: Iterable[ImageLike], on_broken: Optional[OnBroken] = None
) -> Generator[Tuple[ImageLike, np.ndarray], None, None]:
    """Pictures and their embeddings (dimensions, float32), in order.

    While the engine runs a batch, threads prepare those after it, two at most.

    Raises:
        PictureError: a picture cannot be taken, and `on_broken` is None.
        InputError: `images` raised it. Of either, the answers to the pictures before it come first.
        SessionError: the engine failed.
    """
    name, dtype, step = session.inputs[0].name, session.inputs[0].dtype, _step(session)
    taken: Deque[ImageLike] = deque()
    refused: List[InputError] = []

    def given() -> Generator[ImageLike, None, None]:
        try:
            yield from images
        except InputError as error:
            refused.append(error)

    def pieces() -> Generator[Mapping[str, np.ndarray], None, None]:
        rows: List[np.ndarray] = []
        window = max(2 * step, _FEWEST_AHEAD)
        with closing(ahead(lambda image: preprocessing.batch([image], dtype), given(), window)) as prepared:
            for image, row in prepared:
                try:
                    rows.append(row.result())
                except PictureError as error:
                    if on_broken is None:
                        refused[:] = [error]  # it stands before what `images` raised meanwhile
                        break
                    on_broken(image, error)
                    continue
                taken.append(image)
                if len(rows) == step:
                    yield {name: np.concatenate(rows)}
                    rows = []
        if rows:
            yield {name: np.concatenate(rows)}

    with closing(pieces()) as feeds:
        for outputs in session.run_many_batched(feeds):
            for row in _unit(outputs, "image", session):
                yield taken.popleft(), row
    if refused:
        raise refused[0]


def encode_texts(session: Session, tokens: Tokens, texts: Sequence[str]) -> np.ndarray:
    """Embeddings: texts × dimensions, float32.

    Raises:
        InputError: a text cannot be taken.
        SessionError: the engine failed.
    """
    name, step = session.inputs[0].name, _step(session)
    pieces = ({name: tokens.batch(texts[start : start + step])} for start in range(0, len(texts), step))
    return np.concatenate([_unit(outputs, "text", session) for outputs in session.run_many_batched(pieces)])


def _step(session: Session) -> int:
    return max(session.batch_sizes or (_CHUNK_ON_CPU if session.device == "cpu" else _CHUNK,))


def _unit(outputs: Dict[str, np.ndarray], part: str, session: Session) -> np.ndarray:
    """The embeddings of a batch, every row of unit length."""
    embeddings = outputs[session.outputs[0].name].astype(np.float32)
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise SessionError("part `{}` on {} gave embeddings that are zero or not finite".format(part, session.engine))
    unit: np.ndarray = embeddings / lengths
    return unit
