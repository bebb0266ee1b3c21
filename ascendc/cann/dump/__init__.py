"""What AscendCL dumps of a model while it runs: one file an operator and run, with what it took and gave."""
