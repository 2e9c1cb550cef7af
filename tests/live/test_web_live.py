"""The web server over time: its threads come and go with the load, its connections do not pile up."""

import time

import pytest

from benchmarks import harness, load
from tools.installation import Installation

IDLE = 6.0  # seconds: longer than the fixture lets idle threads of the server live
THREADS = 2 * 4  # two web processes with four threads each


@pytest.fixture
def web_alone(installation: Installation) -> Installation:
    """The installation with nothing but its web server at work."""
    installation.worker.stop()
    installation.beat.stop()
    installation.web.start()
    installation.wait_for_web()
    return installation


def test_connections_of_threads_that_ended_are_not_left_open(web_alone: Installation) -> None:
    page = harness.get("/p/nordwind/")  # Its brand is read from the database.
    for _ in range(3):
        answers = load.run(web_alone.port, [page] * 100, 16)
        assert set(answers.statuses) == {200}
        assert 1 <= connections(web_alone) <= THREADS
        time.sleep(IDLE)


def connections(installation: Installation) -> int:
    """How many sessions others have with the database."""
    with installation.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row is not None
    return int(row[0])
