"""Logs: one JSON object a line, with whose request it was and whose data; never a secret."""

import io
import json
import logging
import smtplib
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.test import Client

from merchants import logs
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests.api_client import ApiClient


class Lines:
    """What was logged since the test began."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Logging as in production, but for where it goes."""
    written = Lines()
    logs.configure({"level": "INFO", "json": True})
    (handler,) = (h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    handler.setStream(written.stream)
    yield written
    logs.configure(settings.LOGGING)


def test_a_line_names_the_request_that_it_is_about(client: Client, db: None, lines: Lines) -> None:
    response = client.get("/readyz")  # No worker runs here: it says so.
    told = [line for line in lines.read() if line["event"] == "part_down"]
    assert told
    assert {line["request_id"] for line in told} == {response["Request-Id"]}
    assert all(line["level"] == "warning" and line["timestamp"].endswith("Z") for line in told)


def test_the_next_request_has_another_id(client: Client, db: None, lines: Lines) -> None:
    first, second = client.get("/readyz")["Request-Id"], client.get("/readyz")["Request-Id"]
    assert first != second
    assert {line["request_id"] for line in lines.read() if "request_id" in line} == {first, second}


def test_a_line_names_the_merchant_whose_scope_is_open(merchant: Merchant, lines: Lines) -> None:
    log = structlog.get_logger("tests")
    with merchant_scope(merchant):
        log.info("inside")
    log.info("outside")
    inside, outside = lines.read()
    assert inside["merchant"] == "nordwind"
    assert "merchant" not in outside


def test_an_exception_stays_one_line(db: None, lines: Lines) -> None:
    try:
        raise ValueError("line one\nline two")
    except ValueError:
        structlog.get_logger("tests").exception("failed")
    (line,) = lines.read()
    assert "line one\nline two" in line["exception"]


def test_no_address_of_anybody_stands_in_a_log(db: None, lines: Lines) -> None:
    """Mail servers repeat the recipient in their answers, and so do the errors of libraries."""
    address = "anna.weber+x@mail.example"
    refused = smtplib.SMTPRecipientsRefused({address: (550, f"<{address}> gone".encode())})
    try:
        raise refused
    except smtplib.SMTPException:
        structlog.get_logger("tests").exception("failed", error=repr(refused))
        logging.getLogger("other").exception("failed for %s", address)
    assert "mail.example" not in lines.text
    assert lines.text.count("[address]") >= 5
    assert "550" in lines.text


def test_keys_passwords_and_signatures_are_not_logged(
    merchant: Merchant, client: Client, lines: Lines
) -> None:
    assert ApiClient("aw_live_thisKeyDoesNotExist").get("orders").status_code == 401
    headers = {"X-Shopify-Hmac-Sha256": "c2lnbmF0dXJl", "X-Shopify-Topic": "orders/create"}
    body = b'{"email": "anna@mail.example"}'
    hook = client.post("/hooks/shopify/nordwind", body, "application/json", headers=headers)
    assert hook.status_code == 401
    client.post("/app/sign-in/", {"username": "clara@nordwind.example", "password": "Tr0ub4dor&3"})
    assert lines.read()
    for secret in ("thisKeyDoesNotExist", "c2lnbmF0dXJl", "anna@mail.example", "Tr0ub4dor"):
        assert secret not in lines.text
