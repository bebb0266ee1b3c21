import pytest

from ascendc.cann import soc
from ascendc.cann.cost.bounds import bound, machine
from ascendc.cann.cost.encoder import Shape, graph
from ascendc.cann.cost.published import compare, models, nearest

P3 = soc.table()["Ascend310P3"]
B32 = Shape(12, 768, 50, pixels=True)


@pytest.mark.parametrize("model", models(), ids=lambda model: f"{model.model} on {model.soc}")
def test_nothing_published_is_faster_than_its_bound(model):
    chip = machine(soc.table()[model.soc], "fp16")
    for batch, per_second in model.per_second:
        assert 0 < per_second < bound(graph(model.encoder, batch), batch, chip).per_second


@pytest.mark.parametrize("model", models(), ids=lambda model: f"{model.model} on {model.soc}")
def test_patches_and_heads_fit_the_tokens_and_the_width(model):
    encoder = model.encoder
    assert encoder.width % encoder.heads == 0
    assert bool(encoder.image) != bool(encoder.vocabulary)
    assert not encoder.image or (encoder.image // encoder.patch) ** 2 + 1 == encoder.tokens


@pytest.mark.parametrize(
    ("shape", "chip", "found"),
    [
        (B32, "Ascend310P3", [("ViT-B/32-224", "Ascend310P3"), ("open_clip ViT-B-32, image", "Ascend910B4")]),
        (B32, "Ascend910B4", [("open_clip ViT-B-32, image", "Ascend910B4"), ("ViT-B/32-224", "Ascend310P3")]),
        (Shape(12, 512, 77), "Ascend310B4", [("open_clip ViT-B-32, text", "Ascend910B4")]),
        (Shape(2, 768, 50, pixels=True), "Ascend310P3", []),
        (Shape(12, 384, 197, pixels=True), "Ascend310", [("ViT-S/16", "Ascend310"), ("ViT-S/16", "Ascend310P3")]),
    ],
)
def test_the_nearest_published_models(shape, chip, found):
    assert [(model.model, model.soc) for model in nearest(shape, chip)] == found


def test_a_share_of_the_bound_and_what_it_would_mean():
    vit = next(model for model in models() if model.model == "ViT-B/32-224")
    bounds = [bound(graph(vit.encoder, 8), 8, machine(P3, "fp16"))]
    [own, other] = compare(B32, bounds, "Ascend310P3")
    assert (own.model, own.batch, own.per_second, own.same) == ("ViT-B/32-224", 8, 1439.61, True)
    assert own.bound_per_second == pytest.approx(bounds[0].per_second)
    assert own.share == pytest.approx(1439.61 / bounds[0].per_second)
    assert own.share == pytest.approx(0.18, abs=0.005)
    assert own.expected_per_second == pytest.approx(1439.61)
    assert (other.soc, other.expected_per_second) == ("Ascend910B4", None)


def test_without_a_published_batch_the_nearest_is_shown_and_nothing_expected():
    vit = next(model for model in models() if model.model == "ViT-B/32-224")
    [own, _] = compare(B32, [bound(graph(vit.encoder, 40), 40, machine(P3, "fp16"))], "Ascend310P3")
    assert (own.batch, own.expected_per_second) == (32, None)
