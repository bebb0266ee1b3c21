"""What `run.py` is made of: one module for each step, each run in a process of its own.

Python 3.7, standard library, numpy and pyACL. The runtime is the bundle's own copy, under the name `ascendc.runtime`.
"""
