"""Keys are remembered for a moment: fewer look-ups, and a revoked key, a changed shop or a lost scope soon hold."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants.models import ApiKey, Merchant
from merchants.rest import auth, known_keys
from merchants.rest.auth import create_api_key, revoke_api_key
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)
Clock = Callable[[float], None]


@pytest.fixture(autouse=True)
def _remembering(settings: Any) -> None:
    settings.API_KEY_SECONDS = 1.0
    known_keys._known.clear()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Moves the clock that a remembered key's age is read from."""
    clock = [100.0]
    monkeypatch.setattr(known_keys, "now", lambda: clock[0])

    def move(seconds: float) -> None:
        clock[0] += seconds

    return move


def look_ups(work: Callable[[], object]) -> int:
    """How often keys were looked up in the database meanwhile."""
    with CaptureQueriesContext(connection) as queries:
        work()
    return sum("FROM merchants_apikey" in query["sql"] for query in queries)


def test_a_key_is_looked_up_once_a_second(merchant: Merchant, later: Clock) -> None:
    api = ApiClient(create_api_key(merchant, name="busy")[1])
    api.get("orders")  # It was never used before: that is noted, and what was remembered says otherwise.

    def three() -> list[int]:
        return [api.get("orders").status_code for _ in range(3)]

    assert look_ups(three) == 1
    later(0.9)
    assert look_ups(three) == 0
    later(0.2)
    assert look_ups(three) == 1


def test_a_key_revoked_here_stops_at_once_and_one_revoked_elsewhere_within_a_second(
    merchant: Merchant, later: Clock
) -> None:
    here, elsewhere = (create_api_key(merchant, name=name) for name in ("here", "elsewhere"))
    clients = [ApiClient(key) for _, key in (here, elsewhere)]
    for client in clients * 2:
        assert client.get("orders").status_code == 200
    revoke_api_key(here[0])
    ApiKey.objects.filter(pk=elsewhere[0].pk).update(revoked_at=timezone.now())  # as another process does
    assert [client.get("orders").status_code for client in clients] == [401, 200]
    later(1.0)
    assert [client.get("orders").status_code for client in clients] == [401, 401]


def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_remembered_for_longer(
    merchant: Merchant, later: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, key = create_api_key(merchant, name="racing")
    ApiClient(key).get("orders")
    remember = known_keys.remember

    def revoked_first(digest: bytes, found: known_keys.Row, asked_at: float) -> None:
        later(0.4)  # A slow answer of the database, and the key is revoked before it is remembered.
        revoke_api_key(row)
        remember(digest, found, asked_at)

    monkeypatch.setattr(known_keys, "remember", revoked_first)
    assert ApiClient(key).get("orders").status_code == 200
    later(0.6)
    assert ApiClient(key).get("orders").status_code == 401


def test_each_request_has_an_object_of_its_own(merchant: Merchant) -> None:
    key = create_api_key(merchant, name="shared")[1]
    first, second = auth._find(key), auth._find(key)
    assert first is not None
    assert second is not None
    first.merchant.name = "changed and never saved"
    assert (first is second, second.merchant.name) == (False, merchant.name)


def test_keys_that_do_not_exist_take_no_memory(merchant: Merchant) -> None:
    for number in range(5):
        assert ApiClient(f"aw_live_{number}").get("orders").status_code == 401
    assert known_keys._known == {}


def test_the_memory_has_an_end(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_keys, "_MOST", 3)
    for number in range(10):
        known_keys.remember(bytes([number]), (), 100.0)
    assert len(known_keys._known) <= 3


def test_when_a_key_was_used_is_noted_though_it_is_remembered(merchant: Merchant) -> None:
    row, key = create_api_key(merchant, name="used")
    for _ in range(3):
        ApiClient(key).get("orders")
    assert ApiKey.objects.get(pk=row.pk).last_used_at is not None
