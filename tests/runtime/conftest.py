"""Small ONNX files for the runtime's tests; they run on the board's oldest Python too."""

import hashlib
import json
import shutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper


@pytest.fixture
def write_onnx(tmp_path):
    """Write y = 2x + 1, same = x, double = 2k for x [batch, 3] float32 and k [batch] int32."""

    def write(batch="batch", name="model.onnx"):
        graph = helper.make_graph(
            [
                helper.make_node("Mul", ["x", "two"], ["twice"]),
                helper.make_node("Add", ["twice", "one"], ["y"]),
                helper.make_node("Identity", ["x"], ["same"]),
                helper.make_node("Add", ["k", "k"], ["double"]),
            ],
            "affine",
            [
                helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3]),
                helper.make_tensor_value_info("k", TensorProto.INT32, [batch]),
            ],
            [
                helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 3]),
                helper.make_tensor_value_info("same", TensorProto.FLOAT, [batch, 3]),
                helper.make_tensor_value_info("double", TensorProto.INT32, [batch]),
            ],
            [
                helper.make_tensor("two", TensorProto.FLOAT, [], [2.0]),
                helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]),
            ],
        )
        return save(graph, name)

    def save(graph, name):
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
        onnx.checker.check_model(model)
        path = tmp_path / name
        onnx.save(model, str(path))
        return path

    write.graph = save
    return write


@pytest.fixture
def write_bundle(tmp_path, write_onnx):
    """Write a bundle around `write_onnx`'s model, by hand: nothing of the host side is used.

    `edit` may change the manifest's document before it is written; `outputs` replaces golden outputs by name.
    """

    def write(edit=lambda document: None, **outputs):
        folder = tmp_path / "a b+c" / "tiny"
        x = np.random.RandomState(0).rand(5, 3).astype(np.float32)
        k = np.arange(5, dtype=np.int32)
        arrays = {"x": x, "k": k, "y": 2 * x + 1, "same": x, "double": 2 * k}
        arrays.update(outputs)
        (folder / "models").mkdir(parents=True)
        shutil.copyfile(str(write_onnx()), str(folder / "models" / "main.onnx"))
        for name, array in arrays.items():
            samples = folder / "golden" / "main" / name
            samples.mkdir(parents=True)
            np.save(str(samples.with_suffix(".npy")), array)
            for i, sample in enumerate(array):
                (samples / f"{i:03d}.bin").write_bytes(sample.tobytes())
        half = folder / "python" / "ascendc_device"
        half.mkdir(parents=True)
        (half / "__init__.py").write_text(DEVICE_HALF)
        document = _document(folder)
        edit(document)
        (folder / "manifest.json").write_text(json.dumps(document))
        return folder

    return write


DEVICE_HALF = """
from ascendc_runtime import Answer, InputError
def open_service(sessions, assets):
    return Service(sessions)
class Service:
    def __init__(self, sessions):
        self.session = sessions["main"]
    def run(self, images=(), texts=(), arrays=(), top_k=5):
        import numpy as np
        if not texts:
            raise InputError("no texts: give some")
        if texts[0] == "import":
            import no_such_module
        x = np.array([[float(t)] * 3 for t in texts], np.float32)
        out = self.session.run_batched({"x": x, "k": np.zeros(len(x), np.int32)})["y"]
        return Answer(["y is {}".format(row[0]) for row in out], [{"y": float(row[0])} for row in out], {"y": out})
"""


def _document(folder):
    def tensor(name, dtype, shape):
        return {"name": name, "dtype": dtype, "shape": shape}

    def golden(name):
        return {"name": name, "array": f"golden/main/{name}.npy", "samples": "golden/main/" + name}

    artefact = {
        "part": "main", "target": "card", "soc": "Ascend310P3", "cann": None, "state": "om-deferred", "batch": [1],
        "precision": "fp16", "aipp": "none", "onnx": "models/main.onnx", "om": "models/card/main.om", "config": None,
        "atc": [], "ais_bench": [], "error": 1e-7, "limit": 0.03,
    }  # fmt: skip
    part = {
        "name": "main",
        "inputs": [tensor("x", "float32", ["batch", 3]), tensor("k", "int32", ["batch"])],
        "outputs": [
            tensor("y", "float32", ["batch", 3]),
            tensor("same", "float32", ["batch", 3]),
            tensor("double", "int32", ["batch"]),
        ],
    }
    return {
        "schema": "ascendc/bundle/1",
        "name": "tiny",
        "created_by": "a test",
        "model": {
            "plugin": "onnx", "source": "tiny.onnx", "revision": None, "weights": "pretrained", "seed": None,
            "notes": ["made by hand"],
        },
        "device": {"package": "ascendc_device", "modules": ["numpy", "no_such_module"]},
        "parts": [part],
        "artefacts": [artefact],
        "golden": [
            {
                "part": "main", "count": 5, "limit": 2e-4, "inputs": [golden("x"), golden("k")],
                "outputs": [golden("y"), golden("same"), golden("double")], "pixels": [],
            }
        ],
        "verdicts": [],
        "benchmark": {"warmup": 1, "runs": 1},
        "files": {
            path.relative_to(folder).as_posix(): {
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "size": path.stat().st_size,
                "executable": False,
            }
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }  # fmt: skip
