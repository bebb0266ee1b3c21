import numpy as np
import pytest

from ascendc.bench.distribution import RESAMPLES, distribution, interval, medians


def test_the_figures_of_known_runs():
    found = distribution([[1.0, 2.0, 3.0], [4.0, 5.0]], items=6)
    assert (found.origin, found.runs) == ("measured", 5)
    assert (found.mean_ms, found.min_ms, found.max_ms, found.p50_ms) == (3, 1, 5, 3)
    assert found.std_ms == pytest.approx(1.5811, abs=1e-4)
    assert (found.p95_ms, found.p99_ms) == (pytest.approx(4.8), pytest.approx(4.96))
    assert found.per_second == pytest.approx(2000)  # six items in three milliseconds
    assert 1 <= found.p50_low_ms <= 3 <= found.p50_high_ms <= 5


def test_one_run_has_no_spread():
    found = distribution([[2.0]], items=1)
    assert (found.std_ms, found.p50_low_ms, found.p50_high_ms, found.p99_ms) == (0, 2, 2, 2)


def test_the_same_runs_give_the_same_interval():
    runs = [list(np.random.default_rng(0).lognormal(0, 0.2, 100))]
    assert distribution(runs, 1) == distribution(runs, 1)


def _coverage(draw, true_median, seeds=80):
    hits = 0
    for seed in range(seeds):
        low, high = interval(medians(draw(np.random.default_rng(seed)), seed=0))
        hits += low <= true_median <= high
    return hits / seeds


def test_the_interval_holds_the_median_as_often_as_it_says():
    """Of a skewed distribution with a tail."""
    assert 0.90 <= _coverage(lambda random: [random.lognormal(1, 0.3, 100)], np.exp(1)) <= 0.99


def test_blocks_know_that_a_busy_moment_slows_several_runs():
    """Neighbours are alike: drawing single runs would promise far too much."""

    def runs(random):
        noise, series = random.normal(0, 1, 200), [0.0]
        for one in noise:
            series.append(0.6 * series[-1] + one)
        return [10 + np.array(series[1:])]

    def single(random):
        [series] = runs(random)
        drawn = series[np.random.default_rng(1).integers(0, len(series), (RESAMPLES, len(series)))]
        return interval(np.median(drawn, axis=1))

    blocks = _coverage(runs, 10)
    alone = np.mean([low <= 10 <= high for low, high in (single(np.random.default_rng(s)) for s in range(80))])
    assert blocks > 0.80 > alone


def test_rounds_that_differ_widen_the_interval():
    random = np.random.default_rng(0)
    even = [random.normal(10, 0.1, 30) for _ in range(3)]
    uneven = [one + shift for one, shift in zip(even, (-1, 0, 1), strict=True)]
    widths = [np.subtract(*interval(medians(rounds, seed=0))[::-1]) for rounds in (even, uneven)]
    assert widths[1] > 10 * widths[0]


def test_what_is_drawn_at_a_time_is_bounded_and_the_interval_is_the_same(monkeypatch):
    rounds = [np.random.default_rng(seed).lognormal(0, 0.2, 500) for seed in range(3)]
    whole = interval(medians(rounds, seed=0))
    monkeypatch.setattr("ascendc.bench.distribution.AT_ONCE", 30_000)  # 20 draws of 1000
    drawn = medians(rounds, seed=0)
    assert len(drawn) == RESAMPLES
    assert interval(drawn) == pytest.approx(whole, rel=0.02)
