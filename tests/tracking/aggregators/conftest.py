"""A server for whichever API is asked, and short ways to look at answers."""

from collections.abc import Iterator

import pytest

from tests.tracking.carrier_server import CarrierServer, carrier_server
from tracking.carriers import tokens


@pytest.fixture
def server() -> Iterator[CarrierServer]:
    tokens.forget_all()
    with carrier_server() as fake:
        yield fake
