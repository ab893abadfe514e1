"""The product measured beside a floor, in one run: ``python -m benchmarks``; ``--help`` lists what there is.

The floor is a bare Jupyter server with the least code that does the same. On a busy machine only the ratios count, and
those of CPU time more than those of the clock.
"""
