from __future__ import annotations

import pytest

from ascendc.errors import UsageError
from ascendc.sim.settings import Fault


def test_a_fault_after_calls_and_for_some():
    assert Fault.parse("exec") == Fault("exec")
    assert Fault.parse("exec@3") == Fault("exec", 3)
    assert Fault.parse("host-oom@3x1") == Fault("host-oom", 3, 1)


@pytest.mark.parametrize("text", ["exec@", "exec@x", "exec@x1", "exec@3x", "exec@-1", "exec@3 ", "fire@3"])
def test_what_is_no_fault(text):
    with pytest.raises(UsageError, match=f"`{text}` is no fault; allowed: ") as caught:
        Fault.parse(text)
    assert caught.value.id == "ASC2501"
