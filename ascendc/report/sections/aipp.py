"""What AIPP lets the model see: one golden picture through each configuration, emulated."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc import aipp_show
from ascendc.cann.soc import resolve
from ascendc.errors import AscendcError
from ascendc.report.page import Origin, Picture, Pictures, Remark, Section
from ascendc.report.words import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.aipp_show import Seen
    from ascendc.report.given import Build, Given
    from ascendc.report.page import Block
    from ascendc.runtime.manifest import Artefact

MOST = 4
"""Configurations that are shown."""

PREPROCESSING = "assets/preprocess.json"
"""Of a bundle: how the model wants its pictures. A plugin need not write one."""

LARGEST = 320
"""Pixels of a side of a picture in the report."""


def aipp(given: Given) -> Section | None:
    """The section; None where no bundle has AIPP."""
    blocks = [block for build in given.builds for block in _blocks(build)]
    title = Text("What the model sees through AIPP", "模型经 AIPP 看到的图像")
    return Section("aipp", title, tuple(blocks)) if blocks else None


def _blocks(build: Build) -> Iterator[Block]:
    if build.manifest is None or build.folder is None:
        return
    shown: set[bytes] = set()
    for artefact in build.manifest.artefacts:
        config = build.folder / artefact.config if artefact.config else None
        if config is None or not config.is_file() or len(shown) == MOST:
            continue
        if (text := config.read_bytes()) not in shown:
            shown.add(text)
            yield from _one(build, artefact, config)


def _one(build: Build, artefact: Artefact, config: Path) -> Iterator[Block]:
    name = f"{artefact.part} @ {artefact.target}"
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "taken.png"
        if (size := _golden(build, artefact.part, taken)) is None:
            return
        assert build.folder is not None
        against = build.folder if (build.folder / PREPROCESSING).is_file() else None
        try:
            seen = aipp_show.show(
                config,
                taken,
                Path(folder) / "seen.png",
                soc=resolve(artefact.soc).soc,
                size=None if against else size,
                against=against,
            )
        except AscendcError as error:
            yield Remark(
                Text("{name} cannot be shown: {why}", "无法显示 {name}：{why}").fill(name=name, why=error.message)
            )
            return
        caption = Text("A golden sample, as {name} is handed it", "交给 {name} 的参考样本").fill(name=name)
        handed = Picture(caption, Origin.RECORDED, _png(taken), seen.source.partition(";")[0])
        caption = Text("The same, as the network gets it, on {soc}", "同一样本，网络在 {soc} 上得到的图像").fill(
            soc=seen.soc
        )
        yield Pictures((handed, Picture(caption, Origin.ESTIMATED, _png(Path(seen.picture)), _figures(seen))))
        for line in seen.wrong:
            yield Remark(Text("Looks wrong: {it}", "看起来有误：{it}").fill(it=line), "warning")


def _figures(seen: Seen) -> Text:
    shape = "×".join(map(str, seen.shape))
    low, high = min(one.low for one in seen.channels), max(one.high for one in seen.channels)
    said = Text("{shape}, values {low} to {high}", "{shape}，取值 {low} 至 {high}").fill(
        shape=shape, low=f"{low:.3f}", high=f"{high:.3f}"
    )
    if seen.difference is None:
        return said
    error = Text("{said}; off the model's own preprocessing by {max} at most", "{said}；与模型自身预处理最多相差 {max}")
    return error.fill(said=said, max=f"{seen.difference.max:.4f}")


def _golden(build: Build, part: str, to: Path) -> tuple[int, int] | None:
    """Write the first golden picture of a part as a PNG; its height and width; None where the bundle holds none."""
    import numpy as np
    from PIL import Image

    assert build.manifest is not None
    assert build.folder is not None
    arrays = [tensor.array for golden in build.manifest.golden if golden.part == part for tensor in golden.pixels]
    for path in arrays:
        try:
            array = np.load(build.folder / path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):  # damaged since: verify says so, a report goes on without the picture
            continue
        if array.ndim == 4 and array.dtype == np.uint8 and array.shape[-1] == 3 and len(array):
            Image.fromarray(np.ascontiguousarray(array[0])).save(to)
            return array.shape[1], array.shape[2]
    return None


def _png(path: Path) -> bytes:
    """The picture, no larger than `LARGEST`."""
    from PIL import Image

    with Image.open(path) as image:
        image.thumbnail((LARGEST, LARGEST))
        file = io.BytesIO()
        image.convert("RGB").save(file, "PNG", optimize=True)
    return file.getvalue()
