import pytest

from ascendc.cann.cost.encoder import Encoder, Shape, graph, shape_of
from ascendc.cann.cost.flops import flops
from ascendc.cann.cost.graph import Graph, Op, Tensor
from ascendc.cann.cost.memory import weights

VIT_B32 = Encoder(layers=12, width=768, heads=12, tokens=50, mlp=3072, outputs=1000, image=224, patch=32)
TEXT = Encoder(layers=12, width=512, heads=8, tokens=77, mlp=2048, outputs=512, vocabulary=49408)


def matrix_flops(model):
    return sum(flops(op).matrix for op in model.ops)


def test_vit_b32_is_4_4_billion_multiply_accumulates():
    tokens, width = 50, 768
    layer = 4 * tokens * width * width + 2 * tokens * tokens * width + 2 * tokens * width * 3072
    by_hand = 12 * layer + 49 * 3 * 32 * 32 * width + width * 1000
    assert matrix_flops(graph(VIT_B32, 1)) == 2 * by_hand
    assert by_hand == pytest.approx(4.4e9, rel=0.01)
    assert matrix_flops(graph(VIT_B32, 8)) == 8 * 2 * by_hand


def test_vit_b32_has_88_million_parameters():
    assert weights(graph(VIT_B32, 1), 2) / 2 == pytest.approx(88.2e6, rel=0.01)


@pytest.mark.parametrize("encoder", [VIT_B32, TEXT])
@pytest.mark.parametrize("batch", [1, 8])
def test_a_graph_shows_the_shape_it_was_made_of(encoder, batch):
    assert shape_of(graph(encoder, batch), batch) == encoder.shape


def test_what_stands_between_softmax_and_values_is_looked_through():
    scores, probabilities = Tensor("s", "float32", (1, 8, 77, 77)), Tensor("p", "float32", (1, 8, 77, 77))
    guarded, context = Tensor("g", "float32", (1, 8, 77, 77)), Tensor("c", "float32", (1, 8, 77, 64))
    values, nan = Tensor("v", "float32", (1, 8, 77, 64)), Tensor("n", "bool", (1, 8, 77, 77))
    ops = (
        Op("softmax", "Softmax", (scores,), (probabilities,)),
        Op("isnan", "IsNaN", (probabilities,), (nan,)),
        Op("where", "Where", (nan, scores, probabilities), (guarded,)),
        Op("matmul", "MatMul", (guarded, values), (context,)),
    )
    assert shape_of(Graph((), (), ops), 1) == Shape(1, 512, 77)


@pytest.mark.parametrize("shape", [(1, 1000), (1, 8, 77, 50), (1, 8, 1, 1)])
def test_a_softmax_that_is_no_attention_over_tokens(shape):
    scores, out = Tensor("s", "float32", shape), Tensor("p", "float32", shape)
    ops = (
        Op("softmax", "Softmax", (scores,), (out,)),
        Op("mm", "MatMul", (out, scores), (Tensor("y", "float32", shape),)),
    )
    assert shape_of(Graph((), (), ops), 1) is None


def test_layers_that_differ_are_no_encoder():
    """As Swin's; one other layer beside twelve alike is nothing."""
    ops = [*graph(VIT_B32, 1).ops, *graph(TEXT, 1).ops]
    assert shape_of(Graph((), (), tuple(ops)), 1) is None
    one = Encoder(**{**vars(TEXT), "layers": 1})
    assert shape_of(Graph((), (), (*graph(VIT_B32, 1).ops, *graph(one, 1).ops)), 1) == VIT_B32.shape


def test_distance_is_in_octaves():
    assert Shape(12, 768, 50).distance(Shape(12, 768, 50)) == 0
    assert Shape(12, 768, 50).distance(Shape(24, 768, 100)) == 2
    assert Shape(12, 768, 50, pixels=True).distance(Shape(12, 768, 50)) == 0.5
    assert str(Shape(12, 768, 50)) == "12 layers, width 768, 50 tokens"
