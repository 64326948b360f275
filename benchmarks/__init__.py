"""Benchmarks: this project beside its peers, on the same pictures, cores and threads."""
