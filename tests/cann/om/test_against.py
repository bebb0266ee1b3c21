from __future__ import annotations

import pytest

from ascendc.cann import soc
from ascendc.cann.om.against import against
from ascendc.cann.om.facts import Om


def om(soc_version, **more):
    """What is known of an OM for a chip."""
    nothing = {"simulated": False, "atc_version": None, "atc_cmdline": None, "inputs": (), "outputs": ()}
    return Om(kind="om", soc_version=soc_version, gears=None, partitions=(), **{**nothing, **more})


@pytest.mark.parametrize(
    ("found", "chip", "verdict", "reason"),
    [
        (om("Ascend310P3"), "Ascend310P3", "loads", "it was compiled for Ascend310P3"),
        (
            om("Ascend310P3"),
            "Ascend310P1",
            "doubtful",
            (
                "it was compiled for Ascend310P3, of the same architecture (cores 8 and 10): newer runtimes load it, "
                "no document promises it"
            ),
        ),
        (
            om("Ascend310P3"),
            "Ascend310B4",
            "refused",
            "it was compiled for Ascend310P3, of another architecture than Ascend310B4",
        ),
        (
            om(None),
            "Ascend310B4",
            "unknown",
            "the file does not say for which chip it was compiled, and is not checked then",
        ),
        (om("Ascend1"), "Ascend310B4", "unknown", "it was compiled for Ascend1, which is in no table of ascendc"),
        (
            om("Ascend310B4", simulated=True),
            "Ascend310B4",
            "refused",
            "it was made by the simulated ATC, and holds nothing that a device could run",
        ),
        (
            om(None, encrypted=True),
            "Ascend310P3",
            "unknown",
            "it is encrypted, and so is for which chip it was compiled",
        ),
        (om("Ascend310P3", models=0), "Ascend310P3", "unknown", "it holds no model"),
        (
            om("Ascend910B"),
            "Ascend910B3",
            "refused",
            "it was compiled for Ascend910B, of another architecture than Ascend910B3",
        ),
        (
            om(None, model_type="phone"),
            "Ascend310P3",
            "refused",
            "it is for phones (Kirin, HiAI), and AscendCL does not load it",
        ),
    ],
)
def test_on_which_chip_it_loads(found, chip, verdict, reason):
    fit = against(found, soc.table()[chip])
    assert (fit.soc, fit.verdict, fit.reason) == (chip, verdict, reason)
