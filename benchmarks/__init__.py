"""Figures, each beside the raw limit of the same machine in the same minute. `make bench`; docs/benchmarks.md."""
