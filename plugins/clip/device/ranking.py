"""Which of several texts or labels a picture shows."""

from typing import Any, Dict, List, NamedTuple, Sequence

import numpy as np

from ascendc_runtime import InputError, shape_text


class Ranking(NamedTuple):
    """The candidates, and how their similarities become probabilities."""

    names: Sequence[str]
    embeddings: np.ndarray
    """float32, candidates × dimensions, rows of unit length."""
    scale: float
    """What the model learned to multiply cosines by."""

    def probabilities(self, pictures: np.ndarray) -> np.ndarray:
        """How probable each candidate is: pictures × candidates, rows sum to 1.

        Args:
            pictures: pictures × dimensions, rows of unit length.

        Raises:
            InputError: the candidates have other dimensions.
        """
        logits = self.scale * self._similarities(pictures)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
        return probabilities

    def best(self, picture: np.ndarray, top_k: int) -> List[Dict[str, Any]]:
        """The most probable candidates of one picture (dimensions), JSON-able.

        Raises:
            InputError: as `probabilities`.
        """
        (similarities,), (probabilities,) = self._similarities(picture[None]), self.probabilities(picture[None])
        return [
            {"text": self.names[j], "probability": float(probabilities[j]), "similarity": float(similarities[j])}
            for j in np.argsort(-probabilities, kind="stable")[:top_k]
        ]

    def _similarities(self, pictures: np.ndarray) -> np.ndarray:
        if pictures.shape[1] != self.embeddings.shape[1]:
            raise InputError(
                "the labels were made by another model: they are {}, and a picture has {} dimensions".format(
                    shape_text(self.embeddings.shape), pictures.shape[1]
                )
            )
        similarities: np.ndarray = pictures @ self.embeddings.T
        return similarities
