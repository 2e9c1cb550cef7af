"""Errors leave as RFC 9457 problems, whatever goes wrong and wherever."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, DataError, InterfaceError, OperationalError, connection
from django.test import Client

from merchants.rest.codes import CODES
from merchants.rest.errors import Problem
from orders import commands
from returns.claims import models as claims
from returns.withdrawal import models as withdrawals
from tests import factories
from tests.api_client import ApiClient

REPO = Path(__file__).resolve().parents[2]


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The response is a problem of this status and code; returns its body."""
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert body["type"] == f"urn:afterward:problem:{code}"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response["Request-Id"]
    assert body["doc_url"].endswith(f"/developers/errors#{code}")
    assert set(body) <= {"type", "title", "status", "code", "detail", "param", "request_id", "doc_url"}
    return body


def test_a_field_that_is_wrong_is_named(api: ApiClient) -> None:
    lines = [
        {"title": "A", "quantity": 1, "unit_price": "1"},
        {"title": "B", "quantity": -1, "unit_price": "1"},
    ]
    response = api.post("orders", factories.order_body(lines=lines))
    assert assert_problem(response, 400, "invalid_field")["param"] == "lines[1].quantity"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "v1",
        "v1/",
        "v1/nothing",
        "v1/orders/",
        "v2/orders",
        "v1/orders/x/y/z",
        "../api/v1/x",
        "v1/%00",
        "v1/é",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_addresses_that_do_not_exist_answer_a_problem(path: str, method: str, db: None) -> None:
    response = getattr(Client(raise_request_exception=False), method)(f"/api/{path}")
    assert_problem(response, 404, "unknown_address")


@pytest.mark.parametrize(
    "sent_as", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_that_is_not_sent_as_json_is_refused(sent_as: str, api: ApiClient) -> None:
    response = api.client.post(
        "/api/v1/orders", b"{}", content_type=sent_as, headers={"Authorization": f"Bearer {api.key}"}
    )
    assert assert_problem(response, 415, "unsupported_media_type")["param"] == "Content-Type"


@pytest.mark.parametrize("sent_as", ["application/json; charset=utf-8", "application/vnd.shop+json", ""])
def test_json_by_any_of_its_names_is_read(sent_as: str, api: ApiClient) -> None:
    response = api.client.generic(
        "POST", "/api/v1/orders", b"{}", content_type=sent_as, headers={"Authorization": f"Bearer {api.key}"}
    )
    assert_problem(response, 400, "invalid_field")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense"])
def test_whatever_is_accepted_json_is_given(accept: str, api: ApiClient) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "Accept": accept}
    assert api.client.get("/api/v1/orders", headers=headers)["Content-Type"] == "application/json"


def test_a_harmless_request_id_is_kept_and_another_replaced(api: ApiClient) -> None:
    kept = api.client.get("/api/v1/nothing", headers={"Request-Id": "proxy-1234"})
    assert kept["Request-Id"] == kept.json()["request_id"] == "proxy-1234"
    for bad in ("x", "a b c d e f g h", "<script>", "x" * 65, "12345678\n9"):
        replaced = api.client.get("/api/v1/nothing", headers={"Request-Id": bad})
        assert replaced["Request-Id"].startswith("req_")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("gone"), 503, "unavailable"),
        (InterfaceError("closed"), 503, "unavailable"),
        (DataError("the inside"), 422, "unprocessable"),
        (DatabaseError("else"), 500, "internal_error"),
        (ZeroDivisionError("ours"), 500, "internal_error"),
        (PermissionError("ours"), 500, "internal_error"),
    ],
)
def test_what_goes_wrong_inside_is_a_problem_that_tells_nothing_of_the_inside(
    error: Exception, status: int, code: str, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(commands, "checked", fail)
    response = api.post("orders", factories.order_body())
    body = assert_problem(response, status, code)
    assert str(error) not in body["detail"]
    if status == 503:
        assert int(response["Retry-After"]) > 0


def test_a_database_that_is_gone_is_503_at_the_key_already(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as down:
        down.setattr(connection, "cursor", refuse)
        down.setattr(connection, "ensure_connection", refuse)
        response = api.get("orders")
    assert_problem(response, 503, "unavailable")


# --- the list of codes is whole ---


# Of commands that the API does not offer: the pages say them in words of their own.
IN_THE_DASHBOARD_ONLY = {
    "too_many_tags", "invalid_note", "no_access", "pull_running", "too_many_items", "words_changed", "not_optional",
    "no_channel", "invalid_delay", "invalid_rule", "too_many_rules", "touchpoint_changed",
    # Flows are made in the dashboard.
    "too_many_flows", "flow_in_use", "run_ended", "flow_changed", "invalid_flow",
    # So are dry runs of messages.
    "invalid_change", "not_runnable",
    # Of the portal's pages, which say it in the shopper's words.
    "wish_without_day", "wish_without_place",
}  # fmt: skip


APPS = (
    "merchants", "events", "orders", "tracking", "notifications", "imports", "webhooks", "returns",
)  # fmt: skip
TRANSFERS = {"transfer", "reserve"}  # the ledger's own codes say why money moves


def _codes_in_source() -> set[str]:
    """Every `code="…"` of a call, and every `code = "…"` of a class below Problem."""
    found = {cls.code for cls in _below(Problem)} | {Problem.code}
    # Made of where a withdrawal or claim stands.
    found |= {f"withdrawal_{status}" for status in withdrawals.Status.values}
    found |= {f"claim_{status}" for status in claims.Status.values}
    found |= {"returned_to_sender", "chargeback"}  # why nothing can be claimed: `claims.clock`
    for app in APPS:
        for path in (REPO / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") not in TRANSFERS:
                    found |= {
                        keyword.value.value
                        for keyword in node.keywords
                        if keyword.arg == "code"
                        and isinstance(keyword.value, ast.Constant)
                        and keyword.value.value
                    }
    return {str(code) for code in found} - IN_THE_DASHBOARD_ONLY


def _below(cls: type) -> set[type]:
    return {c for direct in cls.__subclasses__() for c in (direct, *_below(direct))}


def test_every_code_that_may_be_answered_is_explained_and_no_other() -> None:
    assert _codes_in_source() == set(CODES)
