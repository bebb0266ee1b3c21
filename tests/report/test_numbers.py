from __future__ import annotations

import pytest

from ascendc.report import numbers


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (numbers.ms(123.456), "123.5"),
        (numbers.ms(1.234), "1.23"),
        (numbers.ms(0.0123), "0.012"),
        (numbers.rate(999.96), "1000.0"),
        (numbers.rate(12345.6), "12,346"),
        (numbers.seconds(0.014), "0.01 s"),
        (numbers.seconds(8.94), "8.9 s"),
        (numbers.seconds(725), "12 min 5 s"),
        (numbers.seconds(119.7), "2 min 0 s"),
        (numbers.size(2_384_832), "2.4 MB"),
        (numbers.size(12), "12 B"),
        (numbers.small(None), "–"),
        (numbers.small(0.0), "0"),
        (numbers.small(6.2e-7), "6.2×10⁻⁷"),
        (numbers.small(0.0027), "0.0027"),
    ],
)
def test_numbers_are_short(said, wanted):
    assert said == wanted
