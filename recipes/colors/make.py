"""Make colors.onnx: which part of a picture has which colour. No training: its weights are the colours themselves.

    python recipes/colors/make.py

A small stand-in for any ONNX file that comes from somewhere else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

COLORS = {
    "black": (0, 0, 0),
    "blue": (0, 0, 255),
    "cyan": (0, 255, 255),
    "green": (0, 160, 0),
    "purple": (160, 0, 200),
    "red": (255, 0, 0),
    "white": (255, 255, 255),
    "yellow": (255, 255, 0),
}
"""RGB, in the order of the output."""
SIDE = 32
SHARPNESS = 8.0
"""How quickly a colour gives way to the next."""


def main() -> None:
    """Write colors.onnx beside this script."""
    colors = np.array(list(COLORS.values()), np.float32) / 127.5 - 1  # as the input: -1 to 1
    # A pixel p belongs to the colour c with the softmax of -k|p - c|²; the term in |p|² is common to all.
    weights = {
        "blur": np.kron(np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1), np.full((1, 1, 2, 2), 0.25, np.float32)),
        "colors": (2 * SHARPNESS * colors).reshape(len(COLORS), 3, 1, 1),
        "lengths": -SHARPNESS * (colors**2).sum(1),
    }
    nodes = [
        helper.make_node("Conv", ["pixels", "blur"], ["blurred"], "blur", strides=[2, 2]),
        helper.make_node("Conv", ["blurred", "colors", "lengths"], ["nearness"], "compare"),
        helper.make_node("Softmax", ["nearness"], ["share"], "share", axis=1),
        helper.make_node("GlobalAveragePool", ["share"], ["mean"], "mean"),
        helper.make_node("Flatten", ["mean"], ["shares"], "flatten"),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "colors",
        [value("pixels", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])],
        [value("shares", TensorProto.FLOAT, ["batch", len(COLORS)])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7, producer_name="ascendc")
    checker.check_model(model, full_check=True)
    save(model, Path(__file__).with_name("colors.onnx"))


if __name__ == "__main__":
    main()
