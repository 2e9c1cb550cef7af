"""One installation for all tests of this folder: it takes a while to start."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.shop import Shop
from tools.installation import Installation

TICK_SECONDS = 2


@pytest.fixture(scope="package")
def installation() -> Iterator[Installation]:
    """A running installation with a reader that notes each order in `test_effect`."""
    folder = Path(tempfile.mkdtemp(prefix="aw-live-"))
    try:
        with Installation(
            folder,
            settings="tests.live.settings",
            AFTERWARD_TICK_SECONDS=str(TICK_SECONDS),
            GRANIAN_BLOCKING_THREADS_IDLE_TIMEOUT="5",
        ) as running:
            running.start_servers()
            with running.connect() as connection:
                connection.execute("CREATE TABLE test_effect (word text, at timestamptz)")
            running.start()
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shop(installation: Installation) -> Iterator[Shop]:
    """A shop of this installation, with every part running."""
    for part in (installation.web, installation.worker, installation.beat):
        part.start()
    installation.wait_until_ready()
    with Shop(installation) as shop:
        yield shop
