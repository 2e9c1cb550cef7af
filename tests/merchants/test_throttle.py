"""Counting tries, and whom they are counted for."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from merchants.client_ip import client_ip, network_of
from merchants.models import Attempt
from merchants.throttle import forget_old, forgive, hit


@pytest.mark.django_db
def test_tries_pass_up_to_the_limit_and_then_have_to_wait() -> None:
    waits = [hit("door", "anna", limit=3, window=60) for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert all(0 < wait <= 60 for wait in waits[3:])


@pytest.mark.django_db
def test_tries_at_different_things_are_counted_apart() -> None:
    assert hit("door", "anna", limit=1, window=60) == 0
    assert hit("door", "ben", limit=1, window=60) == 0
    assert hit("window", "anna", limit=1, window=60) == 0
    assert hit("door", "anna", limit=1, window=60) > 0


@pytest.mark.django_db
def test_a_new_window_begins_when_the_old_one_is_over() -> None:
    assert [hit("door", limit=1, window=60) > 0 for _ in range(2)] == [False, True]
    Attempt.objects.update(window_ends_at=timezone.now())
    assert hit("door", limit=1, window=60) == 0
    assert hit("door", limit=1, window=60) > 0


@pytest.mark.django_db
def test_success_forgives_and_housekeeping_forgets() -> None:
    hit("door", limit=1, window=60)
    forgive("door")
    assert hit("door", limit=1, window=60) == 0
    assert forget_old() == 0
    Attempt.objects.update(window_ends_at=timezone.now())
    assert forget_old() == 1


@pytest.mark.django_db
def test_a_try_costs_one_statement_and_stores_no_name(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        hit("door", "anna@example.test", limit=1, window=60)
    assert "anna" not in Attempt.objects.get().key


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_are_all_counted() -> None:
    counted: list[int] = []

    def many() -> None:
        counted.extend(hit("door", limit=20, window=60) for _ in range(10))
        connection.close()

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(wait == 0 for wait in counted) == 20


@pytest.mark.parametrize(
    ("remote", "forwarded", "seen"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # a stranger's own header
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),  # the first one was made up
        ("10.0.0.1", "198.51.100.1, 10.0.0.7", "198.51.100.1"),  # two of our proxies
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "rubbish", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("", "198.51.100.1", "unknown"),
    ],
)
def test_only_our_proxies_say_who_asks(settings: Any, remote: str, forwarded: str, seen: str) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/24"]
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert client_ip(RequestFactory().get("/", REMOTE_ADDR=remote, **headers)) == seen


def test_one_ipv6_customer_is_one_client() -> None:
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:bbbb::2") == "2001:db8:1:2::/64"
    assert network_of("203.0.113.9") == "203.0.113.9"
