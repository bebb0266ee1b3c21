"""Facts of CANN: SoCs, ATC's options, AIPP, opsets. Imports nothing of ours but errors, models and targets."""
