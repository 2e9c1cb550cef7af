"""How many requests a key may make: held over processes, told in headers, and open without Redis."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.rest import limits
from merchants.rest.auth import create_api_key
from tests import factories
from tests.api_client import ApiClient
from tests.rest.test_problems import assert_problem


@pytest.fixture(autouse=True)
def _not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_silent_until", 0.0)
    monkeypatch.setattr(limits, "_log_again_at", 0.0)


def test_an_answer_says_what_is_left_and_an_empty_bucket_is_429(api: ApiClient, settings: Any) -> None:
    settings.API_RATE, settings.API_BURST = 1, 3
    left = []
    for _ in range(3):
        answer = api.get("orders")
        assert (answer.status_code, answer["RateLimit-Limit"]) == (200, "3")
        left.append((answer["RateLimit-Remaining"], answer["RateLimit-Reset"]))
    assert left == [("2", "1"), ("1", "2"), ("0", "3")]
    refused = api.post("orders", factories.order_body())
    assert_problem(refused, 429, "rate_limited")
    assert refused["RateLimit-Remaining"] == "0"
    assert int(refused["Retry-After"]) == 1
    assert refused["Request-Id"]


def test_a_refused_request_does_nothing_and_after_the_wait_it_does(api: ApiClient, settings: Any) -> None:
    settings.API_RATE, settings.API_BURST = 1, 1
    body = factories.order_body()
    assert api.post("orders", body).status_code == 201
    assert api.post("orders", body).status_code == 429
    time.sleep(1.05)
    assert api.post("orders", body).status_code == 200


def test_errors_and_refusals_take_from_the_bucket_too(merchant: Merchant, settings: Any) -> None:
    settings.API_RATE, settings.API_BURST = 1, 2
    reader = ApiClient(create_api_key(merchant, name="r", scopes=("customers:read",))[1])
    assert [reader.get("orders").status_code for _ in range(3)] == [403, 403, 429]


def test_every_key_has_a_bucket_of_its_own(api: ApiClient, merchant: Merchant, settings: Any) -> None:
    settings.API_RATE, settings.API_BURST = 1, 1
    other = ApiClient(create_api_key(merchant, name="second")[1])
    assert (api.get("orders").status_code, api.get("orders").status_code) == (200, 429)
    assert other.get("orders").status_code == 200


def test_a_rate_of_0_limits_nobody(api: ApiClient, settings: Any) -> None:
    settings.API_RATE = 0
    answer = api.get("orders")
    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer


def test_many_at_the_same_moment_get_as_many_as_there_are(settings: Any) -> None:
    settings.API_RATE, settings.API_BURST = 1, 50
    key, began = uuid7(), time.monotonic()
    with ThreadPoolExecutor(16) as threads:
        granted = [a for a in threads.map(lambda _: limits.take(key), range(200)) if a and not a.wait]
    assert 50 <= len(granted) <= 51 + (time.monotonic() - began)  # one more a second


_TAKE_MANY = """
import sys, uuid, django
django.setup()
from django.conf import settings
from merchants.rest import limits
settings.API_RATE, settings.API_BURST = 1, 40
settings.REDIS_URL = sys.argv[2]
print(sum(not limits.take(uuid.UUID(sys.argv[1])).wait for _ in range(40)))
"""


def test_limits_hold_over_several_processes(settings: Any) -> None:
    key, began = str(uuid7()), time.monotonic()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _TAKE_MANY, key, settings.REDIS_URL], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]  # fmt: skip
    granted = sum(int(process.communicate(timeout=60)[0]) for process in processes)
    assert 40 <= granted <= 41 + (time.monotonic() - began)  # one more a second, while the processes start
    assert granted < 120


def test_without_redis_everybody_is_let_through_within_milliseconds_and_one_line_is_logged(
    api: ApiClient, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock?db=0"
    api.get("orders")
    began = time.perf_counter()
    answers = [api.get("orders") for _ in range(20)]
    assert time.perf_counter() - began < 2
    assert {answer.status_code for answer in answers} == {200}
    assert all("RateLimit-Limit" not in answer for answer in answers)
    lines = [record for record in caplog.records if "rate_limits_off" in record.getMessage()]
    assert len(lines) == 1


def test_once_redis_is_back_limits_hold_again(
    settings: Any, monkeypatch: pytest.MonkeyPatch, api: ApiClient
) -> None:
    settings.API_RATE, settings.API_BURST = 1, 2
    here, settings.REDIS_URL = settings.REDIS_URL, "unix:///nowhere/redis.sock?db=0"
    assert limits.take(uuid7()) is None
    settings.REDIS_URL = here
    assert limits.take(uuid7()) is None  # It is still quiet.
    monkeypatch.setattr(limits, "_silent_until", 0.0)
    assert limits.take(uuid7()) == limits.Allowance(1, 1)


def test_a_bucket_that_is_full_again_is_forgotten(settings: Any) -> None:
    settings.API_RATE, settings.API_BURST = 1, 100
    key = uuid7()
    limits.take(key)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert 0 < client.pttl(f"rate:{key.hex}") <= 1002
        time.sleep(1.05)
        assert not client.exists(f"rate:{key.hex}")
