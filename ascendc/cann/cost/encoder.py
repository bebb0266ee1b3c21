"""Transformer encoders: their graph from a few numbers, and those numbers from a graph."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ascendc.cann.cost.graph import Graph, Op, Tensor

_PASSING = frozenset({"Cast", "Dropout", "Identity", "Mul", "Where"})
_BETWEEN = 4
"""Operators between a Softmax and the product with the values, at most."""


@dataclass(frozen=True)
class Shape:
    """What decides how much work an encoder is."""

    layers: int
    width: int
    """Of a token."""
    tokens: int
    """Of one item."""
    pixels: bool = False
    """Whether it begins with a convolution of an image, and not with an embedding of ids."""

    def __str__(self) -> str:
        """``12 layers, width 768, 50 tokens``."""
        return f"{self.layers} layers, width {self.width}, {self.tokens} tokens"

    def distance(self, other: Shape) -> float:
        """Octaves between two: 1 where one number is the double of the other's; half of one from images to texts."""
        pairs = ((self.layers, other.layers), (self.width, other.width), (self.tokens, other.tokens))
        return sum(abs(math.log2(a / b)) for a, b in pairs) + (self.pixels != other.pixels) / 2


@dataclass(frozen=True)
class Encoder:
    """An encoder as ViT, BERT and the towers of CLIP are."""

    layers: int
    width: int
    heads: int
    tokens: int
    mlp: int
    """Width in the middle of the perceptron."""
    outputs: int
    """Classes, or the size of the embedding."""
    image: int = 0
    """Pixels of an edge; 0: it takes token ids."""
    patch: int = 0
    """Pixels of a patch's edge."""
    vocabulary: int = 0

    @property
    def shape(self) -> Shape:
        """Its work in three numbers."""
        return Shape(self.layers, self.width, self.tokens, self.image > 0)


def graph(encoder: Encoder, batch: int) -> Graph:
    """The graph of `encoder` for `batch` items, its arithmetic as ONNX's own operators have it, layout left out."""
    return _Maker(encoder, batch).graph()


class _Maker:
    """Adds operator after operator."""

    def __init__(self, encoder: Encoder, batch: int) -> None:
        self.encoder, self.batch = encoder, batch
        self.ops: list[Op] = []
        self.weights = 0

    def graph(self) -> Graph:
        encoder, shape = self.encoder, (self.batch, self.encoder.tokens, self.encoder.width)
        source, hidden = self.pixels() if encoder.image else self.ids()
        hidden = self.add("Add", (hidden, self.weight(encoder.tokens, encoder.width)), shape)
        for _ in range(encoder.layers):
            hidden = self.add("Add", (hidden, self.attention(self.norm(hidden))), shape)
            middle = self.linear(self.norm(hidden), encoder.mlp)
            hidden = self.add("Add", (hidden, self.linear(self.add("Gelu", (middle,), middle.shape), shape[-1])), shape)
        pooled = self.add("Gather", (self.norm(hidden), self.weight(dtype="int64")), (self.batch, encoder.width))
        out = self.linear(pooled, encoder.outputs)
        return Graph((source,), (out,), tuple(self.ops))

    def pixels(self) -> tuple[Tensor, Tensor]:
        encoder, side = self.encoder, self.encoder.image // self.encoder.patch
        source = Tensor("pixels", "float32", (self.batch, 3, encoder.image, encoder.image))
        filters = self.weight(encoder.width, 3, encoder.patch, encoder.patch)
        patches = self.add("Conv", (source, filters), (self.batch, encoder.width, side, side))
        token = self.weight(self.batch, 1, encoder.width)
        return source, self.add("Concat", (token, patches), (self.batch, encoder.tokens, encoder.width))

    def ids(self) -> tuple[Tensor, Tensor]:
        encoder = self.encoder
        source = Tensor("ids", "int64", (self.batch, encoder.tokens))
        table = self.weight(encoder.vocabulary, encoder.width)
        return source, self.add("Gather", (table, source), (self.batch, encoder.tokens, encoder.width))

    def attention(self, hidden: Tensor) -> Tensor:
        batch, tokens, width = hidden.shape
        heads = self.encoder.heads
        split = (batch, heads, tokens, width // heads)
        query, key, value = (self.add("Reshape", (self.linear(hidden, width),), split) for _ in range(3))
        turned = self.add("Transpose", (key,), (batch, heads, width // heads, tokens))
        scores = self.add("MatMul", (query, turned), (batch, heads, tokens, tokens))
        context = self.add("MatMul", (self.add("Softmax", (scores,), scores.shape), value), split)
        return self.linear(self.add("Reshape", (context,), hidden.shape), width)

    def norm(self, hidden: Tensor) -> Tensor:
        width = hidden.shape[-1]
        return self.add("LayerNormalization", (hidden, self.weight(width), self.weight(width)), hidden.shape)

    def linear(self, hidden: Tensor, width: int) -> Tensor:
        shape = (*hidden.shape[:-1], width)
        product = self.add("MatMul", (hidden, self.weight(hidden.shape[-1], width)), shape)
        return self.add("Add", (product, self.weight(width)), shape)

    def weight(self, *shape: int, dtype: str = "float32") -> Tensor:
        self.weights += 1
        return Tensor(f"weight_{self.weights}", dtype, shape, constant=True)

    def add(self, op: str, inputs: tuple[Tensor, ...], shape: tuple[int, ...]) -> Tensor:
        name = f"{op}_{len(self.ops)}"
        out = Tensor(name, "float32", shape)
        self.ops.append(Op(name, op, inputs, (out,)))
        return out


def shape_of(model: Graph, batch: int) -> Shape | None:
    """The encoder that `model` is for `batch` items, told by its attention; None if it has none.

    Every layer is taken to be a Softmax over tokens whose result is multiplied with the values. Of layers that differ
    (Swin) the most frequent kind is taken, and only where it is most of them.
    """
    readers: dict[str, list[Op]] = {}
    for op in model.ops:
        for value in op.inputs:
            if value is not None:
                readers.setdefault(value.name, []).append(op)
    kinds = [_layer(op, readers, batch) for op in model.ops if op.op == "Softmax"]
    found = [kind for kind in kinds if kind is not None]
    if not found:
        return None
    width, tokens = kind = max(dict.fromkeys(found), key=found.count)
    pixels = any(op.op == "Conv" for op in model.ops)
    return Shape(found.count(kind), width, tokens, pixels) if found.count(kind) * 2 > len(found) else None


def _layer(softmax: Op, readers: dict[str, list[Op]], batch: int) -> tuple[int, int] | None:
    """Width and tokens of the layer whose attention `softmax` is; None if it is none."""
    shape = softmax.outputs[0].shape if softmax.outputs else ()
    if len(shape) < 3 or shape[-1] != shape[-2] or shape[-1] < 2:
        return None
    product = _product(softmax, readers)
    tokens = batch * shape[-1]
    return (product // tokens, shape[-1]) if product and product % tokens == 0 else None


def _product(softmax: Op, readers: dict[str, list[Op]]) -> int | None:
    """Elements of the product with the values, over what may stand between (a guard against NaN, a cast)."""
    value = softmax.outputs[0]
    for _ in range(_BETWEEN):
        after = readers.get(value.name, [])
        if matmul := next((op for op in after if op.op == "MatMul"), None):
            return matmul.outputs[0].elements
        same = [op for op in after if op.outputs and op.outputs[0].shape == value.shape and op.op in _PASSING]
        if not same:
            return None
        value = same[0].outputs[0]
    return None
