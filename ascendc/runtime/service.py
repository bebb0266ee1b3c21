"""What every device half speaks: a user's mistake, and an answer.

A device half is the package of a plugin that travels to the board. It offers::

    prepare(part, images, texts, arrays, assets, spec=None) -> Dict[str, np.ndarray]
    open_service(sessions, assets) -> an object with run(images=(), texts=(), arrays=(), top_k=5) -> Answer

and may import this package by the name that it has on the board, ``ascendc_runtime``. Python 3.7, numpy.
"""

from dataclasses import dataclass
from typing import Any, Dict, List

import numpy as np


class InputError(ValueError):
    """A user's input is wrong; the message names the file or the text and says what is allowed."""


@dataclass(frozen=True)
class Answer:
    """What a service says about its inputs."""

    lines: List[str]
    """For people."""
    results: List[Dict[str, Any]]
    """The same as JSON-able values, one entry per input."""
    arrays: Dict[str, np.ndarray]
    """Embeddings or outputs, rows in the order of the inputs."""
