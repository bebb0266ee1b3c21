import json

import numpy as np
import pytest


@pytest.fixture
def classifier(write_model):
    """logits = x · W over 3 features and 4 classes, and `mask`, which has another shape."""
    return write_model(
        [("MatMul", "x w", "logits", {}), ("Relu", "x", "mask", {}), ("Unsqueeze", "mask axis", "cube", {})],
        [("x", "float32", ["n", 3])],
        [("logits", "float32", ["n", 4]), ("cube", "float32", ["n", 1, 3])],
        w=np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], np.float32),
        axis=np.array([1]),
    )


SAMPLES = [{"x": np.array([1, 5, 3], np.float32)}, {"x": np.array([9, 0, 2], np.float32)}]


def test_classes_are_ranked(serve, classifier):
    answer = serve(classifier).run(arrays=SAMPLES, top_k=2)
    assert answer.results[0] == {
        "input": "arrays 1",
        "outputs": {
            "logits": {
                "shape": [4],
                "dtype": "float32",
                "top": [{"index": 1, "value": 5.0}, {"index": 2, "value": 3.0}],
            },
            "cube": {"shape": [1, 3], "dtype": "float32"},
        },
    }
    assert answer.lines == [
        "arrays 1",
        "  logits: 4 float32",
        "               5  1",
        "               3  2",
        "  cube: 1×3 float32",
        "arrays 2",
        "  logits: 4 float32",
        "               9  0",
        "               2  2",
        "  cube: 1×3 float32",
    ]
    assert answer.arrays["logits"].shape == (2, 4)
    json.dumps(answer.results)


def test_labels_name_the_classes(serve, classifier, assets):
    (assets / "labels.txt").write_text("cat\ndog\nбык\nhen\n", encoding="utf-8")
    answer = serve(classifier).run(arrays=SAMPLES[:1], top_k=2)
    assert answer.lines[2:4] == ["               5  1  dog", "               3  2  бык"]
    assert answer.results[0]["outputs"]["logits"]["top"][0] == {"index": 1, "value": 5.0, "label": "dog"}


def test_labels_of_another_number_of_classes_are_not_used(serve, classifier, assets):
    (assets / "labels.txt").write_text("cat\ndog\n")
    assert serve(classifier).run(arrays=SAMPLES[:1], top_k=1).lines[2] == "               5  1"


def test_top_k_0_ranks_nothing(serve, classifier):
    assert serve(classifier).run(arrays=SAMPLES[:1], top_k=0).lines == [
        "arrays 1",
        "  logits: 4 float32",
        "  cube: 1×3 float32",
    ]


def test_values_that_are_not_finite_are_said(serve, classifier):
    answer = serve(classifier).run(arrays=[{"x": np.array([np.nan, 1, 1], np.float32)}])
    assert answer.lines[1] == "  logits: 4 float32, 4 values not finite"
    assert answer.results[0]["outputs"]["logits"] == {"shape": [4], "dtype": "float32", "not_finite": 4}


def test_an_item_of_several_samples_has_several_answers(serve, classifier):
    answer = serve(classifier).run(arrays=[{"x": np.ones((3, 3))}], top_k=1)
    assert [result["input"] for result in answer.results] == ["sample 1", "sample 2", "sample 3"]


def test_images_are_answered_by_name(serve, write_model, assets, tmp_path):
    fields = {"height": 2, "width": 2, "resize": "squash", "resize_to": None, "interpolation": "bilinear"}
    (assets / "preprocess.json").write_text(json.dumps(dict(fields, mean=[0.0] * 3, std=[1.0] * 3)))
    path = write_model(
        [("ReduceMean", "x", "colour", {"axes": [2, 3], "keepdims": 0})],
        [("x", "float32", [4, 3, 2, 2])],
        [("colour", "float32", [4, 3])],
    )
    red = np.zeros((5, 5, 3), np.uint8)
    red[..., 0] = 255
    answer = serve(path).run([red, red[..., ::-1]], top_k=1)
    assert answer.lines[2] == "               1  0"
    assert [result["input"] for result in answer.results] == ["image 1", "image 2"]
    assert answer.results[1]["outputs"]["colour"]["top"] == [{"index": 2, "value": 1.0}]


def test_an_output_without_a_batch_axis_belongs_to_the_run(serve, write_model):
    path = write_model(
        [("ReduceSum", "x", "total", {"keepdims": 0})], [("x", "float32", ["n", 3])], [("total", "float32", [])]
    )
    answer = serve(path).run(arrays=SAMPLES)
    assert answer.lines == ["all inputs", "  total: () float32"]
    assert answer.arrays["total"] == 20


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({}, "nothing to run on: give images or arrays"),
        ({"texts": ["a cat"]}, "this bundle takes no texts: its model has no tokenizer"),
        ({"arrays": SAMPLES, "top_k": -1}, "top_k must be 0 or more, not -1"),
    ],
)
def test_wrong_questions_are_refused(question, message, serve, classifier, half):
    with pytest.raises(half.InputError) as error:
        serve(classifier).run(**question)
    assert str(error.value) == message
