"""The simulated device: memory, streams, models, and the rules of AscendCL about them."""
