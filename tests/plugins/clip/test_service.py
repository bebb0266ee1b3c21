"""The device half over the plugin's own PyTorch modules: the tiny trained CLIP, both towers on this host."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ascendc.model import Source, Weights
from ascendc.torch_session import session_for

FOLDER = Path(__file__).parents[3] / "recipes" / "tiny-clip"
LABELS = FOLDER.parent / "shapes.txt"


@pytest.fixture(scope="module")
def service(device_half, tmp_path_factory):
    from ascendc_plugins.clip.model import Clip, ClipOptions

    model, weights = Clip(Source(str(FOLDER), None), ClipOptions()), Weights()
    assets = tmp_path_factory.mktemp("assets")
    model.assets(assets, weights)
    sessions = {part.name: session_for(model.module(part.name, weights), part) for part in model.parts()}
    yield device_half("clip").open_service(sessions, assets)
    for session in sessions.values():
        session.close()


@pytest.fixture(scope="module")
def drawn():
    from ascendc_plugins.clip.shapes import drawings

    return list(drawings(40, seed=3))


def test_pictures_find_their_texts(service, drawn):
    pictures, texts = [picture for picture, _ in drawn], sorted({text for _, text in drawn})
    probabilities = service.classify(pictures, [f"a photo of {text}" for text in texts])
    found = [texts[i] for i in probabilities.argmax(axis=1)]
    assert sum(mine == wanted for mine, (_, wanted) in zip(found, drawn, strict=True)) >= 38


def test_a_folder_is_streamed_in_order(service, drawn, tmp_path):
    from PIL import Image

    for i, (picture, _) in enumerate(drawn):
        Image.fromarray(picture).save(tmp_path / f"{i:02d}.png")
    paths, rows = zip(*service.encode_folder(tmp_path), strict=True)
    assert [Path(path).name for path in paths] == [f"{i:02d}.png" for i in range(len(drawn))]
    np.testing.assert_allclose(rows, service.encode_images([picture for picture, _ in drawn]), rtol=0, atol=1e-6)
    known = service.labelled(LABELS, ["a {}", "a photo of a {}"])
    told = [answer.results[0]["ranking"][0]["text"] for answer in known.answers(paths, top_k=1)]
    assert sum(mine in wanted for mine, (_, wanted) in zip(told, drawn, strict=True)) >= 36
