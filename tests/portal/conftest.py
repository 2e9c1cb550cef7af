"""What the portal's tests share."""

from collections.abc import Iterator

import pytest

from portal import middleware


@pytest.fixture(autouse=True)
def _fresh_hosts() -> Iterator[None]:
    """A process remembers hosts for some seconds; the merchants of another test are not these."""
    middleware._merchant_of.cache_clear()
    yield
    middleware._merchant_of.cache_clear()
