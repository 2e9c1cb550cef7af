"""RELIABILITY R5: orders under load while processes, Redis and PostgreSQL are killed; then everything is counted.

`make chaos` runs it at full size; `make test` runs it small.
"""
