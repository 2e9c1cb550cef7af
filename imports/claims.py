"""Holding on to an import while working on it."""

from datetime import timedelta

# Whoever works on an import renews this with every chunk.
LEASE = timedelta(seconds=60)


class LeaseLost(Exception):
    """Somebody else works on this import now, or it was stopped."""
