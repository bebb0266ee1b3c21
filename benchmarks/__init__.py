"""Measures `ascendc build` against its peers and against its own bars: ``python -m benchmarks``."""
