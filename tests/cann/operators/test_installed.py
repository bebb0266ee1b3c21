from __future__ import annotations

import os
from pathlib import Path

import pytest

from ascendc.cann.operators import installed


@pytest.mark.parametrize("environment", [{}, {"ASCEND_OPP_PATH": ""}, {"ASCEND_OPP_PATH": "/nowhere"}])
def test_no_cann(environment):
    assert installed.find(environment) is None


def test_the_stamp_changes_with_the_files(opp, kernel):
    file = opp.core({"Exp": kernel("float16", "float16")})
    install = installed.find(opp.environment)
    before = installed.stamp(install)
    assert [path for path, _, _ in before] == [str(file)]
    os.utime(file, ns=(1, 1))
    assert installed.stamp(install) != before
    opp.plugin("ai.onnx::13::Exp")
    assert len(installed.stamp(install)) == 2


def test_the_cann_that_an_atc_belongs_to(opp, kernel):
    opp.core({"Exp": kernel("float16", "float16")})
    atc = opp.write("../compiler/bin/atc", "")
    assert installed.beside(atc, {}).opp == opp.path.resolve()
    assert installed.beside(Path("/usr/bin/atc"), {}) is None
