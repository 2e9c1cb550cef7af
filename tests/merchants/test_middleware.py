"""The short way to the API: the same answers, without what only pages need."""

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from tests import factories
from tests.api_client import ApiClient


def test_the_api_needs_no_session_no_language_and_no_csrf_token(api: ApiClient) -> None:
    strict = Client(enforce_csrf_checks=True)
    response: Any = strict.post(
        "/api/v1/orders",
        factories.order_body(),
        content_type="application/json",
        headers={"Authorization": f"Bearer {api.key}", "Accept-Language": "de"},
    )
    assert response.status_code == 201
    assert not response.cookies
    assert "Content-Language" not in response
    assert "Vary" not in response or "Cookie" not in response["Vary"]


def test_an_answer_says_its_length_and_may_be_shown_by_nobody(api: ApiClient) -> None:
    response = api.get("orders")
    assert response["Content-Length"] == str(len(response.content))
    assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Request-Id"]


def test_no_cache_keeps_what_the_api_tells_of_shoppers(api: ApiClient) -> None:
    assert api.get("customers")["Cache-Control"] == "no-store"
    assert api.get("orders/ord_0")["Cache-Control"] == "no-store"
    assert "public" in api.get("schema")["Cache-Control"]


@pytest.mark.parametrize(
    "given", ["short", "abcdefgh\n", "abcdefgh\r\nSet-Cookie: a=b", "<b>abcdefgh</b>", "é" * 8]
)
def test_an_id_that_is_none_is_not_repeated(api: ApiClient, given: str) -> None:
    response = api.client.get("/healthz", headers={"Request-Id": given})
    assert response.status_code == 200
    assert response["Request-Id"].startswith("req_")


def test_the_language_of_a_page_before_it_does_not_reach_the_api(api: ApiClient) -> None:
    with translation.override("de"):
        api.get("orders")
        assert translation.get_language() == "en"


@pytest.mark.parametrize("path", ["/api/v1/nothing-here", "/api/v1/orders/ord_0/nothing"])
def test_an_address_that_there_is_not_is_a_problem_too(api: ApiClient, path: str) -> None:
    response = api.client.get(path, headers={"Authorization": f"Bearer {api.key}"})
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/healthz", 200),
        ("get", "/api/v1/orders", 401),
        ("get", "/api/v1/schema", 200),
        ("get", "/api/nothing", 404),
        ("post", "/hooks/shopify/nobody", 401),
        ("get", "/hooks/shopify/nobody", 405),
        ("get", "/app/nobody/orders/", 302),
        ("get", "/app/sign-in/", 200),
        ("get", "/p/nobody/", 404),
        ("get", "/developers/", 200),
        ("get", "/developers/nothing", 404),
        ("get", "/static/nothing.css", 404),
        ("get", "/nothing", 404),
    ],
)
def test_every_answer_of_every_face_carries_its_request_id(
    method: str, path: str, status: int, db: None
) -> None:
    client = Client(raise_request_exception=False)
    own = getattr(client, method)(path)
    assert (own.status_code, own["Request-Id"][:4]) == (status, "req_")
    given = getattr(client, method)(path, headers={"Request-Id": "trace-0815"})
    assert given["Request-Id"] == "trace-0815"


def test_a_host_that_is_refused_gets_a_request_id_too(db: None, settings: Any) -> None:
    settings.KNOWN_HOSTS = ["shop.test"]
    refused = Client().get("/", headers={"Host": "evil.test"})
    assert (refused.status_code, refused["Request-Id"][:4]) == (400, "req_")
