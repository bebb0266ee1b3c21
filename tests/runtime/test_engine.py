"""Which of a bundle's OMs is run. Engines are stand-ins: their devices refuse as this host's cannot."""

import copy

import pytest

from ascendc.runtime import Session, SessionError, TensorSpec, engine
from ascendc.runtime.bundle import open_bundle
from ascendc.runtime.engine import open_part
from ascendc.runtime.om_checks import OtherChipError, TooLittleMemoryError


class Device(Session):
    engine, device = "a device", "npu"
    inputs = outputs = (TensorSpec("x", "float32", (1, 3)),)

    def __init__(self, path):
        self.path = path

    def _run(self, feeds):
        return list(feeds.values())


@pytest.fixture
def open_with(write_bundle, monkeypatch):
    """Open the part of a bundle of two targets whose OMs raise `errors`, or open where that is None."""

    def open_(*errors, **options):
        def both(document):
            other = copy.deepcopy(document["artefacts"][0])
            other.update(target="small", om="models/small/main.om")
            document["artefacts"].append(other)

        folder = write_bundle(both)
        for target in ("card", "small"):
            (folder / "models" / target).mkdir()
            (folder / "models" / target / "main.om").write_bytes(b"an OM")
        raised = dict(zip((folder / "models/card/main.om", folder / "models/small/main.om"), errors))  # noqa: B905
        real = engine.open_session
        asked = []

        def open_session(path, device, **rest):
            asked.append(rest)
            if path not in raised:
                return real(path, device)
            if raised[path] is not None:
                raise raised[path]
            return Device(path)

        monkeypatch.setattr(engine, "open_session", open_session)
        return open_part(open_bundle(folder), "main", **options), asked

    return open_


def test_the_first_om_that_opens_is_run(open_with):
    found, _ = open_with(None, None)
    assert (found.artefact.target, found.is_om, found.notes) == ("card", True, ())


def test_where_the_device_is_too_full_the_next_target_is_tried_and_that_is_said(open_with):
    found, _ = open_with(TooLittleMemoryError("`main.om` needs 900 MB"), None)
    assert (found.artefact.target, found.is_om) == ("small", True)
    assert found.notes == ("note: `main.om` needs 900 MB: the next is tried",)


def test_where_it_is_too_full_for_both_the_onnx_runs(open_with):
    found, _ = open_with(TooLittleMemoryError("900 MB"), TooLittleMemoryError("800 MB"))
    assert not found.is_om
    assert found.notes == ("note: 900 MB: the next is tried", "note: 800 MB: the next is tried")


def test_oms_for_other_chips_are_passed_over_in_silence_where_another_runs_or_says_more(open_with):
    found, _ = open_with(OtherChipError("is for a 310B"), None)
    assert (found.artefact.target, found.notes) == ("small", ())


def test_the_reason_of_the_om_that_is_meant_for_this_chip_is_said(open_with):
    found, _ = open_with(OtherChipError("is for a 310B"), SessionError("545001"))
    assert found.notes == ("note: the OM is not run: 545001",)


def test_where_all_are_for_other_chips_that_is_said(open_with):
    found, _ = open_with(OtherChipError("is for a 310B"), OtherChipError("is for a 910B"))
    assert found.notes == ("note: the OM is not run: is for a 310B",)


def test_a_simulated_om_is_offered_only_if_that_is_asked_for(open_with):
    _, asked = open_with(None, None, allow_simulated=True)
    assert asked == [{"allow_simulated": True}]
