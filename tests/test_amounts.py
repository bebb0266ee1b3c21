from __future__ import annotations

import pytest

from ascendc.amounts import seconds, size, spoken
from ascendc.errors import UsageError


@pytest.mark.parametrize(("text", "amount"), [("90m", 5400), ("12h", 43200), ("1.5d", 129600), (" 2 W ", 1209600)])
def test_times(text, amount):
    assert seconds(text, "--older-than") == amount


@pytest.mark.parametrize(
    ("text", "amount"), [("0B", 0), ("5kB", 5000), ("20GB", 20 * 10**9), ("1.5 tb", 15 * 10**11), ("3mb", 3 * 10**6)]
)
def test_sizes(text, amount):
    assert size(text, "--max-size") == amount


@pytest.mark.parametrize("text", ["3x", "3", "d", "-3d", "3 d d", "", "٣d", "1e3d", "3GB"])
def test_what_is_no_time(text):
    with pytest.raises(UsageError) as caught:
        seconds(text, "--older-than")
    assert caught.value.id == "ASC1022"
    assert caught.value.message == (
        f"--older-than {text}: must be a number and m (minutes), h (hours), d (days) or w (weeks): 30d"
    )


@pytest.mark.parametrize("text", ["20", "20GiB", "GB", "2d"])
def test_what_is_no_size(text):
    with pytest.raises(UsageError) as caught:
        size(text, "--max-size")
    assert caught.value.message == f"--max-size {text}: must be a number and B, kB, MB, GB or TB: 20GB"


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (999, "999 B"), (3_500_000, "3.5 MB"), (2 * 10**15, "2000.0 TB")]
)
def test_sizes_as_people_say_them(number, text):
    assert spoken(number) == text
