from ascendc.bench.configuration import FIXED, Configuration, configurations

ALL = ("npu", "cuda", "cpu")


def test_the_usual_precisions_are_those_of_the_device():
    found = [(c.device, c.precision) for c in configurations(["torch"], ALL, (), ())]
    assert found == [("npu", "fp32"), ("npu", "fp16"), ("cuda", "fp32"), ("cuda", "fp16"), ("cpu", "fp32")]


def test_precisions_are_pytorch_s():
    found = list(configurations(["torch", "onnx"], ["cpu"], ["fp16"], ["card", "chip"]))
    assert found == [Configuration("torch", "cpu", "fp16"), Configuration("onnx", "cpu", FIXED, "card")]


def test_an_om_is_tried_on_an_npu_for_each_target():
    found = list(configurations(["om"], ALL, (), ["card", "chip"]))
    assert found == [Configuration("om", "npu", FIXED, target) for target in ("card", "chip")]


def test_what_is_asked_for_twice_is_tried_once():
    assert len(list(configurations(["onnx", "onnx"], ["cpu", "cpu"], (), ["card"]))) == 1
