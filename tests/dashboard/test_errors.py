"""Pages for when something is wrong: in the design, in the language, and without a word too many."""

import pytest
from django.db import DatabaseError
from django.test import Client

from dashboard import filters
from merchants.models import Merchant


@pytest.mark.parametrize("path", ["/app/nordwind/nothing/", "/app/nordwind/orders/x/", "/nothing"])
def test_an_address_that_does_not_exist_gets_a_page(path: str, merchant: Merchant, owner: Client) -> None:
    answer = owner.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_a_form_without_its_token_gets_a_page_that_helps(merchant: Merchant) -> None:
    answer = Client(enforce_csrf_checks=True).post("/app/sign-in/", {"email": "a@b.test", "password": "x"})
    assert answer.status_code == 403
    assert "This page was too old" in answer.content.decode()


def test_a_fault_of_ours_says_so_and_tells_nothing_else(
    merchant: Merchant, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise DatabaseError("relation secret_table does not exist")

    monkeypatch.setattr(filters, "find_orders", broken)
    owner.raise_request_exception = False
    answer = owner.get("/app/nordwind/orders/")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.content.decode()
    assert "secret_table" not in answer.content.decode()


def test_every_page_carries_the_strict_policy(merchant: Merchant, owner: Client) -> None:
    policy = owner.get("/app/nordwind/orders/")["Content-Security-Policy"]
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ):
        assert part in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
