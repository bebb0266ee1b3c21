"""``ascendc bench``: latency, throughput and memory of a model, by runtime, device, precision and batch.

Every configuration and part is measured in a process of its own, which also answers on golden inputs, so that no figure
stands for wrong answers. What the simulated device ran has no figures.
"""
