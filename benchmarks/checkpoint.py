"""CLIP checkpoints as the hub has them: true architecture, seeded random weights, written once and offline.

``python -m benchmarks.checkpoint HUB_ID FOLDER`` writes one: a process of its own, so that its memory is given back.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Checkpoint:
    """A folder that all tools read."""

    name: str
    """As the tables say it."""
    folder: Path
    side: int
    """Pixels of a picture."""
    weights: int
    """Bytes."""

    @classmethod
    def made(cls, name: str, hub_id: str, root: Path) -> Checkpoint:
        """The checkpoint under `root`, written the first time, and now in the page cache: no tool pays for the disk."""
        folder = root / hub_id.replace("/", "--")
        if not folder.is_dir():
            print(f"writing the weights of {name}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "benchmarks.checkpoint", hub_id, str(folder)], check=True)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(name, folder, config["vision_config"]["image_size"], sum(map(_read, folder.glob("*.safetensors"))))


def write(hub_id: str, folder: Path) -> None:
    """Write what `ascendc_plugins.clip.known` says of `hub_id`; `folder` appears when it is complete."""
    import torch
    from ascendc_plugins.clip import known, pixels, tokens
    from transformers import CLIPConfig, CLIPModel

    config = known.CONFIGS[hub_id]
    partial = folder.with_name(f"{folder.name}.partial")
    partial.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    CLIPModel(CLIPConfig.from_dict(config)).save_pretrained(partial)
    tokens.write_stand_in(partial)
    files = {
        "config.json": config,  # over what was saved: as published, without what transformers adds
        "preprocessor_config.json": pixels.defaults(config["vision_config"]["image_size"]),
        "tokenizer_config.json": {
            "tokenizer_class": "CLIPTokenizer",
            "model_max_length": config["text_config"]["max_position_embeddings"],
            "pad_token": tokens.END,
        },
    }
    for name, content in files.items():
        (partial / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
    partial.rename(folder)


def _read(path: Path) -> int:
    """Read a file to its end; returns its bytes."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
        return file.tell()


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
