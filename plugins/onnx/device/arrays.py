"""Named arrays and pictures to a part's inputs."""

import os
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Union

import numpy as np

from ascendc_runtime import ImageLike, InputError, Preprocessing, TensorSpec, read_arrays, shape_text

ArraysLike = Union[str, Path, Mapping[str, np.ndarray]]
"""An ``.npz`` or ``.npy`` file, or input name → array."""


def prepare(
    part: str,
    images: Sequence[ImageLike],
    texts: Sequence[str],
    arrays: Sequence[ArraysLike],
    assets: Path,
    spec: Optional[Sequence[TensorSpec]] = None,
) -> Dict[str, np.ndarray]:
    """The model's inputs, batched.

    Args:
        part: the model has one.
        images: pictures for its image input, if ``preprocess.json`` gives it one.
        texts: none; a model without a tokenizer takes no texts.
        arrays: for the other inputs, each item one sample, or several along a leading axis.
        assets: the bundle's assets folder.
        spec: the session's inputs, for names, dtypes and ranks; None: arrays are taken as they are, one sample each.

    Raises:
        InputError: an input is missing, unknown, unreadable, or of the wrong rank or kind.
    """
    del part
    if len(texts):
        raise InputError("this bundle takes no texts: its model has no tokenizer")
    feeds: Dict[str, np.ndarray] = {}
    if len(images):
        feeds.update(_pictures(images, assets, spec))
    others = [tensor for tensor in spec or () if tensor.name not in feeds]
    samples = [_sample(item, i, others) for i, item in enumerate(arrays)]
    names = [tensor.name for tensor in others] if spec else sorted({name for sample in samples for name in sample})
    for i, sample in enumerate(samples):
        if sorted(sample) != sorted(names):
            raise InputError(
                "{} must hold {}; it holds {}".format(name_of_arrays(arrays[i], i), _list(names), _list(sorted(sample)))
            )
    if spec and others and not samples:
        raise InputError("this bundle's model needs arrays: {}".format(_wanted(others)))
    ranked = {tensor.name: tensor for tensor in others}
    for name in names:
        rows = [
            _rows(sample[name], name, name_of_arrays(arrays[i], i), ranked.get(name))
            for i, sample in enumerate(samples)
        ]
        feeds[name] = _joined(name, rows)
    return feeds


def _pictures(images: Sequence[ImageLike], assets: Path, spec: Optional[Sequence[TensorSpec]]) -> Dict[str, np.ndarray]:
    path = assets / "preprocess.json"
    if not path.exists():
        raise InputError(
            "this bundle takes no images; it takes arrays: {}; pictures need `model.options.inputs.{}.image` in the "
            "recipe that it is built from".format(_wanted(spec or ()), _picture_like(spec or ()))
        )
    preprocessing = Preprocessing.read(path)
    name = preprocessing.input or (spec[0].name if spec else "image")
    dtypes = {tensor.name: tensor.dtype for tensor in spec or ()}
    return {name: preprocessing.batch(images, dtypes.get(name, "float32"))}


def _sample(item: ArraysLike, index: int, wanted: Sequence[TensorSpec]) -> Mapping[str, np.ndarray]:
    """The arrays of one item, by input name."""
    if not isinstance(item, (str, os.PathLike)):
        return item
    path = Path(item)
    if path.suffix not in (".npz", ".npy"):
        raise InputError("{} must be an .npz or .npy file".format(path))
    content = read_arrays(path, str(path))
    if not isinstance(content, np.ndarray):
        return content
    if len(wanted) != 1:
        raise InputError(
            "{} holds one array without a name; this model needs an .npz with {}".format(
                path, _list([tensor.name for tensor in wanted])
            )
        )
    return {wanted[0].name: content}


def _rows(array: np.ndarray, name: str, source: str, spec: Optional[TensorSpec]) -> np.ndarray:
    """The array with its batch axis, in the dtype of the input."""
    array = np.asarray(array)
    if spec is None:
        return array[None]
    if not np.can_cast(array.dtype, spec.dtype, "same_kind"):
        raise InputError("`{}` of {} must be {}, not {}".format(name, source, spec.dtype, array.dtype))
    array = array.astype(spec.dtype)
    for rows in (array, array[None]):
        if rows.ndim == len(spec.shape) and all(
            want in (None, have) for want, have in zip(spec.shape[1:], rows.shape[1:])
        ):
            return rows
    raise InputError(
        "`{}` of {} must have the shape {} per sample, not {}".format(
            name, source, shape_text(spec.shape[1:]), shape_text(array.shape)
        )
    )


def _joined(name: str, rows: List[np.ndarray]) -> np.ndarray:
    if len({array.shape[1:] for array in rows}) > 1:
        shapes = ", ".join(shape_text(array.shape[1:]) for array in rows)
        raise InputError("`{}` must have one shape in all samples; got {}".format(name, shapes))
    return rows[0] if len(rows) == 1 else np.concatenate(rows)


def name_of_arrays(item: ArraysLike, index: int) -> str:
    """How messages and answers call arrays: their file, or their place among the inputs."""
    return str(item) if isinstance(item, (str, os.PathLike)) else "arrays {}".format(index + 1)


def _wanted(spec: Sequence[TensorSpec]) -> str:
    """The option that gives the arrays, and what the file must hold."""
    told = ["`{}` ({}, shape {})".format(t.name, t.dtype, shape_text(t.shape[1:])) for t in spec]
    return "--arrays FILE.npz with {} per sample".format(", ".join(told) or "the model's inputs")


def _picture_like(spec: Sequence[TensorSpec]) -> str:
    """The input that pictures could go to, or a word for one."""
    return next((t.name for t in spec if len(t.shape) == 4 and t.shape[1] == 3), "NAME")


def _list(names: Sequence[str]) -> str:
    return ", ".join("`{}`".format(name) for name in names) or "nothing"
