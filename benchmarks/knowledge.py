"""Questions that are answered without ATC, and the ONNX file that they are asked about.

``python -m benchmarks.knowledge FILE`` writes that file: a process of its own, so that its memory is given back.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .tool import Command

SOC = "Ascend310P3"
CHECK = "check of 0.6 GB"
"""The question about the file; `PEER` does the part of it that users write by hand."""
PEER = "onnx"
_INFER = "import sys, onnx; onnx.shape_inference.infer_shapes(onnx.load(sys.argv[1]), data_prop=True)"

_ATC = (
    f"atc --framework=5 --model=image.onnx --output=image --soc_version={SOC} --input_format=NCHW "
    "'--input_shape=pixel_values:-1,3,224,224' --dynamic_batch_size=1,2,4,8 --insert_op_conf=aipp.cfg"
)
_AIPP = """aipp_op {
  aipp_mode: static
  input_format: RGB888_U8
  src_image_size_w: 224
  src_image_size_h: 224
  min_chn_0: 123.675
  min_chn_1: 116.28
  min_chn_2: 103.53
  var_reci_chn_0: 0.0171247538
  var_reci_chn_1: 0.0175070028
  var_reci_chn_2: 0.0174291939
}
"""
_LOG = "ATC run failed, Please check the detail log\nE16002: no parser for [ai.onnx::18::ReduceL2]\n"


def commands(root: Path) -> Mapping[str, Mapping[str, Command]]:
    """By case and tool; what the commands read is written under `root` the first time."""
    model, aipp, log = root / "image.onnx", root / "aipp.cfg", root / "atc.log"
    root.mkdir(parents=True, exist_ok=True)
    aipp.write_text(_AIPP, encoding="utf-8")
    log.write_text(_LOG, encoding="utf-8")
    if not model.is_file():
        subprocess.run([sys.executable, "-m", "benchmarks.knowledge", str(model)], check=True)
    own = {
        CHECK: ("check", str(model), "--soc", SOC),
        "atc lint": ("atc", "lint", _ATC),
        "aipp lint": ("aipp", "lint", str(aipp), "--soc", SOC),
        "explain -f": ("explain", "-f", str(log)),
        "soc": ("soc", SOC),
    }
    ascendc = str(Path(sys.executable).with_name("ascendc"))
    found = {case: {"ascendc": Command((ascendc, *arguments))} for case, arguments in own.items()}
    found[CHECK][PEER] = Command((sys.executable, "-c", _INFER, str(model)))
    return found


def size(root: Path) -> int:
    """Bytes of the file that `CHECK` is about."""
    return (root / "image.onnx").stat().st_size


def write(path: Path) -> None:
    """Half the layers of ViT-L/14's image tower, as torch exports them: no pass has touched the graph."""
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(0)
    shape = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 12, "num_attention_heads": 16}
    config = {**shape, "patch_size": 14, "projection_dim": 768, "attn_implementation": "eager"}
    model = CLIPVisionModelWithProjection(CLIPVisionConfig.from_dict(config))
    model.train(mode=False)
    partial = path.with_suffix(".partial")
    torch.onnx.export(
        model, (torch.rand(1, 3, 224, 224),), str(partial), opset_version=13, input_names=["pixel_values"], dynamo=False
    )
    partial.rename(path)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
