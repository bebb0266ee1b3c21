"""Zero-shot classification and embeddings over the sessions of a CLIP bundle."""

import copy
import json
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, Generator, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from ascendc_runtime import (
    Answer,
    ImageLike,
    InputError,
    Preprocessing,
    Session,
    TensorSpec,
    name_of,
    pictures_in,
)

from .encode import OnBroken, encode_texts, stream_images
from .labels import PHOTO, Labels, averaged, read_names
from .ranking import Ranking
from .tokens import Tokens

_INPUTS = {"image": "pixel_values", "text": "input_ids"}
_RANKS_NONE = "no {}: at least one is needed for a ranking; --top-k 0 gives embeddings alone"


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
        config = json.loads((assets / "clip.json").read_text(encoding="utf-8"))
        self._scale, self._model = float(config["logit_scale"]), config.get("model")
        self._pictures = Preprocessing.read(assets / "preprocess.json") if "image" in sessions else None
        self._tokens = Tokens(assets) if "text" in sessions else None
        baked = assets / "labels.npz"
        self._labels = Labels.read(baked) if baked.exists() else None
        self._given = False

    def encode_images(self, images: Sequence[ImageLike]) -> np.ndarray:
        """Embeddings of unit length: images × dimensions, float32.

        Raises:
            InputError: there are none, the bundle has no image part, or a picture cannot be taken.
        """
        rows = [row for _, row in self.stream(images)]
        if not rows:
            raise InputError("no images: at least one is needed")
        return np.stack(rows)

    def encode_folder(
        self, folder: Union[str, Path], on_broken: Optional[OnBroken] = None
    ) -> Generator[Tuple[ImageLike, np.ndarray], None, None]:
        """As `stream`, of the pictures in a folder and its sub-folders, by name."""
        return self.stream(pictures_in(str(folder), on_broken), on_broken)

    def stream(
        self, images: Iterable[ImageLike], on_broken: Optional[OnBroken] = None
    ) -> Generator[Tuple[ImageLike, np.ndarray], None, None]:
        """Pictures and their embeddings of unit length (dimensions, float32), in order, however many there are.

        While the engine runs a batch, threads decode the next: two batches are held at most. None of the threads
        is left when the iteration ends, fails or is closed.

        Args:
            images: asked for as room is made.
            on_broken: is told of pictures that cannot be taken, up to two batches ahead of the answers. None: the
                first one ends the iteration with its error, after the answers to those before it.

        Raises:
            InputError: the bundle has no image part, or a picture cannot be taken.
            SessionError: the engine failed.
        """
        if self._pictures is None:
            raise InputError("this bundle has no image part: it takes no images")
        return stream_images(self._sessions["image"], self._pictures, images, on_broken)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Embeddings of unit length: texts × dimensions, float32.

        Raises:
            InputError: there are none, the bundle has no text part, or a text is empty or cannot be taken.
        """
        if self._tokens is None and self._labels is not None:
            raise InputError("this bundle takes no texts: it knows its own labels ({})".format(self._labels))
        if self._tokens is None:
            raise InputError("this bundle has no text part: it takes no texts")
        if not len(texts):
            raise InputError("no texts: at least one is needed")
        for i, text in enumerate(texts):
            if isinstance(text, str) and not text.strip():
                raise InputError("text {} of {} is empty".format(i + 1, len(texts)))
        return encode_texts(self._sessions["text"], self._tokens, texts)

    def label_embeddings(self, labels: Sequence[str], templates: Sequence[str] = (PHOTO,)) -> np.ndarray:
        """Embeddings of labels, each averaged over its texts: labels × dimensions, float32, of unit length.

        Args:
            labels: what pictures may show.
            templates: texts in which ``{}`` stands for the label.

        Raises:
            InputError: as `encode_texts`; a template does not hold ``{}`` once.
        """
        return averaged(labels, templates, self.encode_texts)

    def labelled(self, file: Union[str, Path], templates: Sequence[str] = ()) -> "Service":
        """This service, ranking the labels of a file where no texts are given.

        Args:
            file: ``.npz``: embeddings, as `Labels.save` writes them; another: one label a line, embedded here.
            templates: as `label_embeddings`; none: ``a photo of a {}``.

        Raises:
            InputError: the file cannot be taken, or a label; the bundle has no text part for them.
        """
        path = Path(file)
        if path.suffix == ".npz":
            if len(templates):
                raise InputError("`{}` holds embeddings: templates are for labels in a text file".format(path))
            labels = Labels.read(path)
            if None not in (labels.model, self._model) and labels.model != self._model:
                raise InputError(
                    "the labels `{}` were made by another model, {}; this bundle's is {}".format(
                        path, labels.model, self._model
                    )
                )
        elif "text" not in self._sessions:
            raise InputError(
                "this bundle has no text part: labels must be embeddings in an .npz, not `{}`; "
                "a bundle of the same model that has one makes them: run --labels FILE.txt --output FILE.npz".format(
                    path
                )
            )
        else:
            names = read_names(path)
            labels = Labels(names, self.label_embeddings(names, templates or (PHOTO,)), self._model)
        made = copy.copy(self)
        made._labels, made._given = labels, True
        return made

    def classify(self, images: Sequence[ImageLike], texts: Sequence[str] = ()) -> np.ndarray:
        """How probable each text, or each label, is for each image: images × texts, rows sum to 1.

        Raises:
            InputError: as `encode_images` and `encode_texts`.
        """
        return self._ranking(texts).probabilities(self.encode_images(images))

    def run(
        self,
        images: Sequence[ImageLike] = (),
        texts: Sequence[str] = (),
        arrays: Sequence[Mapping[str, np.ndarray]] = (),
        top_k: int = 5,
    ) -> Answer:
        """Rank the texts, or the labels, for each image.

        A bundle of one part without labels has nothing to rank: it answers with embeddings.

        Args:
            images: paths or RGB arrays. None, where labels were given: the answer is the labels' embeddings.
            texts: candidates.
            arrays: none; CLIP takes pictures and texts.
            top_k: how many candidates are listed; 0: embeddings only, of images, texts or both.

        Raises:
            InputError: an input is wrong or missing.
        """
        if len(arrays):
            raise InputError("this bundle takes images and texts, no arrays")
        self._check(texts, top_k)
        if self._given and self._labels is not None and not len(images):
            return self._embedded_labels(self._labels)
        if top_k == 0 or not self._ranks():
            return self._embedded(images, texts)
        if not len(images):
            raise InputError(_RANKS_NONE.format("images"))
        ranking, pictures = self._ranking(texts), self.encode_images(images)
        lines: List[str] = []
        results: List[Dict[str, Any]] = []
        for i, image in enumerate(images):
            best = ranking.best(pictures[i], top_k)
            lines.append(name_of(image, i))
            lines += ["  {:6.2f} %  {}".format(100 * entry["probability"], entry["text"]) for entry in best]
            results.append({"image": name_of(image, i), "ranking": best})
        arrays_out = {"image_embeds": pictures, "text_embeds": ranking.embeddings}
        return Answer(lines, results, dict(arrays_out, probabilities=ranking.probabilities(pictures)))

    def answers(
        self,
        images: Iterable[ImageLike],
        texts: Sequence[str] = (),
        top_k: int = 5,
        on_broken: Optional[OnBroken] = None,
    ) -> Generator[Answer, None, None]:
        """As `run`, of any number of pictures: an answer of one line to each, in order.

        Args:
            images: as `stream` takes them.
            texts: candidates; none with a `top_k` of 0.
            top_k: as `run`.
            on_broken: as `stream`.

        Raises:
            InputError: an input is wrong or missing.
        """
        self._check(texts, top_k)
        if top_k == 0 and len(texts):
            raise InputError("no texts are taken: --top-k 0 gives the embeddings of the pictures alone")
        ranking = self._ranking(texts) if len(texts) or (top_k and self._ranks()) else None
        with closing(self.stream(images, on_broken)) as found:
            for i, (image, row) in enumerate(found):
                name = name_of(image, i)
                kept = {"names": np.array([name]), "kinds": np.array(["picture"]), "embeddings": row[None]}
                if ranking is None:
                    yield _embeddings([("image", name)], len(row), kept)
                    continue
                best = ranking.best(row, top_k)
                told = ", ".join("{} {:.2f} %".format(entry["text"], 100 * entry["probability"]) for entry in best)
                yield Answer(["{}: {}".format(name, told)], [{"image": name, "ranking": best}], kept)

    def _check(self, texts: Sequence[str], top_k: int) -> None:
        if top_k < 0:
            raise InputError("top_k must be 0 or more, not {}".format(top_k))
        if self._given and len(texts):
            raise InputError("texts or labels are ranked, not both")

    def _ranks(self) -> bool:
        return "image" in self._sessions and ("text" in self._sessions or self._labels is not None)

    def _ranking(self, texts: Sequence[str]) -> Ranking:
        if self._labels is not None and not len(texts):
            return Ranking(self._labels.names, self._labels.embeddings, self._scale)
        if self._tokens is not None and not len(texts):
            raise InputError(_RANKS_NONE.format("texts"))
        return Ranking(texts, self.encode_texts(texts), self._scale)

    def _embedded(self, images: Sequence[ImageLike], texts: Sequence[str]) -> Answer:
        if not len(images) and not len(texts):
            raise InputError("no images and no texts: at least one is needed")
        embeddings: Dict[str, np.ndarray] = {}
        if len(images):
            embeddings["image_embeds"] = self.encode_images(images)
        if len(texts):
            embeddings["text_embeds"] = self.encode_texts(texts)
        inputs = [("image", name_of(image, i)) for i, image in enumerate(images)] + [("text", text) for text in texts]
        return _embeddings(inputs, next(iter(embeddings.values())).shape[1], embeddings)

    def _embedded_labels(self, labels: Labels) -> Answer:
        return _embeddings([("label", name) for name in labels.names], labels.embeddings.shape[1], labels.arrays())


def _embeddings(inputs: Sequence[Tuple[str, str]], size: int, arrays: Dict[str, np.ndarray]) -> Answer:
    """An answer that only says how large embeddings are, of inputs of some kind and name."""
    return Answer(
        ["{}: embedding of {} numbers".format(name, size) for _, name in inputs],
        [{kind: name, "dimensions": size} for kind, name in inputs],
        arrays,
    )
