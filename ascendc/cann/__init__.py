"""Facts of CANN: SoCs, ATC's options, AIPP, operators, cost, errors. Imports nothing of ours but errors."""
