from __future__ import annotations

import pytest

from ascendc.cann.om.file import read
from ascendc.errors import UsageError


@pytest.fixture
def refusal():
    """The id and the message with which a file is refused."""

    def of(path):
        with pytest.raises(UsageError) as caught:
            read(path)
        return caught.value.id, caught.value.message.replace(str(path), "FILE")

    return of
