"""Fixtures that every room shares."""

from __future__ import annotations

import os

import pytest

# ascendc's own main sets this before torch is imported; tests import torch directly.
os.environ.setdefault("TORCH_DEVICE_BACKEND_AUTOLOAD", "0")
# Nothing in a test may ask a model hub.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture
def store(tmp_path):
    from ascendc.store import Store

    return Store(tmp_path / "store")


@pytest.fixture
def workspace(store):
    with store.workspace(lambda _: None) as workspace:
        yield workspace


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    """No test sees the user's store."""
    monkeypatch.setenv("ASCENDC_CACHE", str(tmp_path / "cache"))
