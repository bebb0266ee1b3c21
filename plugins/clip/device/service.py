"""Zero-shot classification and embeddings over the sessions of a CLIP bundle."""

import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ascendc_runtime import (
    Answer,
    ImageLike,
    InputError,
    Preprocessing,
    Session,
    SessionError,
    TensorSpec,
    name_of,
)

from .tokens import Tokens

_INPUTS = {"image": "pixel_values", "text": "input_ids"}
_CHUNK = 32
"""Rows prepared at a time for an engine that takes any batch: boards have little memory."""


def prepare(
    part: str,
    images: Sequence[ImageLike],
    texts: Sequence[str],
    arrays: Sequence[Mapping[str, np.ndarray]],
    assets: Path,
    spec: Optional[Sequence[TensorSpec]] = None,
) -> Dict[str, np.ndarray]:
    """The inputs of a part, batched.

    Args:
        part: ``image`` or ``text``; it takes what it needs of the next three.
        images: paths or RGB arrays.
        texts: texts.
        arrays: CLIP has no other inputs.
        assets: the bundle's assets folder.
        spec: the session's inputs. A ``uint8`` picture goes in raw, height × width × 3; None: floats.

    Raises:
        InputError: a picture or a text cannot be taken.
    """
    del arrays
    name = spec[0].name if spec else _INPUTS[part]
    if part == "text":
        return {name: Tokens(assets).batch(texts)}
    dtype = spec[0].dtype if spec else "float32"
    return {name: Preprocessing.read(assets / "preprocess.json").batch(images, dtype)}


def open_service(sessions: Mapping[str, Session], assets: Path) -> "Service":
    """A service over the open sessions, by part."""
    return Service(sessions, Path(assets))


class Service:
    """CLIP, answering. Which questions it takes depends on the parts and the labels of the bundle."""

    def __init__(self, sessions: Mapping[str, Session], assets: Path) -> None:
        self._sessions = dict(sessions)
        self._scale = float(json.loads((assets / "clip.json").read_text(encoding="utf-8"))["logit_scale"])
        self._pictures = Preprocessing.read(assets / "preprocess.json") if "image" in sessions else None
        self._tokens = Tokens(assets) if "text" in sessions else None
        self._labels = _Labels.read(assets / "labels.npz")

    def encode_images(self, images: Sequence[ImageLike]) -> np.ndarray:
        """Embeddings of unit length: images × dimensions, float32.

        Raises:
            InputError: there are none, the bundle has no image part, or a picture cannot be taken.
        """
        if self._pictures is None:
            raise InputError("this bundle has no image part: it takes no images")
        if not len(images):
            raise InputError("no images: at least one is needed")
        pictures, dtype = self._pictures, self._sessions["image"].inputs[0].dtype
        return self._encode("image", images, lambda piece: pictures.batch(piece, dtype))

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Embeddings of unit length: texts × dimensions, float32.

        Raises:
            InputError: there are none, the bundle has no text part, or a text is empty or cannot be taken.
        """
        if self._labels is not None:
            raise InputError("this bundle takes no texts: it knows its own labels ({})".format(self._labels))
        if self._tokens is None:
            raise InputError("this bundle has no text part: it takes no texts")
        if not len(texts):
            raise InputError("no texts: at least one is needed")
        for i, text in enumerate(texts):
            if isinstance(text, str) and not text.strip():
                raise InputError("text {} of {} is empty".format(i + 1, len(texts)))
        return self._encode("text", texts, self._tokens.batch)

    def classify(self, images: Sequence[ImageLike], texts: Sequence[str] = ()) -> np.ndarray:
        """How probable each text, or each of the bundle's labels, is for each image: images × texts, rows sum to 1.

        Raises:
            InputError: as `encode_images` and `encode_texts`.
        """
        return _softmax(self._scale * self.encode_images(images) @ self._candidates(texts)[1].T)

    def run(
        self,
        images: Sequence[ImageLike] = (),
        texts: Sequence[str] = (),
        arrays: Sequence[Mapping[str, np.ndarray]] = (),
        top_k: int = 5,
    ) -> Answer:
        """Rank the texts, or the bundle's labels, for each image.

        A bundle of one part without labels has nothing to rank: it answers with embeddings.

        Args:
            images: paths or RGB arrays.
            texts: candidates.
            arrays: none; CLIP takes pictures and texts.
            top_k: how many candidates are listed; 0: embeddings only, of images, texts or both.

        Raises:
            InputError: an input is wrong or missing.
        """
        if len(arrays):
            raise InputError("this bundle takes images and texts, no arrays")
        if top_k < 0:
            raise InputError("top_k must be 0 or more, not {}".format(top_k))
        both = "image" in self._sessions and ("text" in self._sessions or self._labels is not None)
        if not both or top_k == 0:
            return self._embeddings(images, texts)
        if not len(images) or not (len(texts) or self._labels is not None):
            raise InputError(
                "no {}: at least one is needed for a ranking; --top-k 0 gives embeddings alone".format(
                    "texts" if len(images) else "images"
                )
            )
        pictures = self.encode_images(images)
        names, candidates = self._candidates(texts)
        similarities = pictures @ candidates.T
        probabilities = _softmax(self._scale * similarities)
        lines: List[str] = []
        results: List[Dict[str, Any]] = []
        for i, image in enumerate(images):
            best = np.argsort(-probabilities[i], kind="stable")[:top_k]
            lines.append(name_of(image, i))
            lines += ["  {:6.2f} %  {}".format(100 * probabilities[i, j], names[j]) for j in best]
            ranking = [
                {"text": names[j], "probability": float(probabilities[i, j]), "similarity": float(similarities[i, j])}
                for j in best
            ]
            results.append({"image": name_of(image, i), "ranking": ranking})
        arrays_out = {"image_embeds": pictures, "text_embeds": candidates, "probabilities": probabilities}
        return Answer(lines, results, arrays_out)

    def _candidates(self, texts: Sequence[str]) -> Tuple[Sequence[str], np.ndarray]:
        if self._labels is None or len(texts):
            return texts, self.encode_texts(texts)
        return self._labels.names, self._labels.embeddings

    def _embeddings(self, images: Sequence[ImageLike], texts: Sequence[str]) -> Answer:
        if not len(images) and not len(texts):
            raise InputError("no images and no texts: at least one is needed")
        embeddings: Dict[str, np.ndarray] = {}
        if len(images):
            embeddings["image_embeds"] = self.encode_images(images)
        if len(texts):
            embeddings["text_embeds"] = self.encode_texts(texts)
        size = next(iter(embeddings.values())).shape[1]
        inputs = [("image", name_of(image, i)) for i, image in enumerate(images)] + [("text", text) for text in texts]
        return Answer(
            ["{}: embedding of {} numbers".format(name, size) for _, name in inputs],
            [{kind: name, "dimensions": size} for kind, name in inputs],
            embeddings,
        )

    def _encode(self, part: str, inputs: Sequence[Any], batch: Callable[[Sequence[Any]], np.ndarray]) -> np.ndarray:
        """Prepare and run piece by piece, then bring every row to unit length."""
        session = self._sessions[part]
        step = max(session.batch_sizes or (_CHUNK,))
        rows = []
        for start in range(0, len(inputs), step):
            feeds = {session.inputs[0].name: batch(inputs[start : start + step])}
            rows.append(session.run_batched(feeds)[session.outputs[0].name].astype(np.float32))
        embeddings = np.concatenate(rows)
        lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise SessionError(
                "part `{}` on {} gave embeddings that are zero or not finite".format(part, session.engine)
            )
        unit: np.ndarray = embeddings / lengths
        return unit


class _Labels:
    """Text embeddings baked into an image-only bundle."""

    def __init__(self, names: List[str], embeddings: np.ndarray) -> None:
        self.names, self.embeddings = names, embeddings

    @classmethod
    def read(cls, path: Path) -> Optional["_Labels"]:
        """From ``labels.npz``; None: the bundle has none."""
        if not path.exists():
            return None
        with np.load(str(path), allow_pickle=False) as file:
            return cls([str(name) for name in file["names"]], file["embeddings"])

    def __str__(self) -> str:
        return ", ".join(self.names[:3]) + (", … {} in all".format(len(self.names)) if len(self.names) > 3 else "")


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return probabilities
