"""Tests of a whole installation: its own PostgreSQL and Redis, granian, Celery's worker and beat, over HTTP."""
