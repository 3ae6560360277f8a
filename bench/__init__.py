"""The benchmarks: each figure is measured beside a floor in the same run, on the same machine."""
