"""Signing in: who gets in, who does not, and what a stranger learns from trying."""

import re
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.test import Client

from merchants import commands
from merchants.models import Attempt, Merchant
from tests.dashboard.conftest import PASSWORD

EMAIL = "clara@nordwind.test"


@pytest.fixture
def clara(merchant: Merchant) -> User:
    """A person who works for Nordwind."""
    return commands.add_member(merchant, email=EMAIL, password=PASSWORD).user


def try_to(client: Client, email: str = EMAIL, password: str = PASSWORD, **more: Any) -> Any:
    """One try to sign in."""
    headers = more.pop("headers", {})
    return client.post("/app/sign-in/", {"email": email, "password": password, **more}, headers=headers)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_right_password_opens_the_dashboard(clara: User, browser_client: Client) -> None:
    answer = try_to(browser_client, email=" Clara@Nordwind.test ")
    assert answer["Location"] == "/app/"
    assert is_signed_in(browser_client)


def test_signing_in_gives_the_session_a_new_key(clara: User, browser_client: Client) -> None:
    browser_client.post("/app/language/", {"language": "de"})
    session = browser_client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    browser_client.cookies["session"] = before
    try_to(browser_client)
    assert browser_client.session.session_key != before
    assert not Client().session.exists(before)


def test_wrong_password_unknown_address_and_locked_account_get_the_same_answer(clara: User) -> None:
    User.objects.create_user("gone@nordwind.test", password=PASSWORD, is_active=False)
    answers = [
        try_to(Client(), password="wrong-wrong-wrong"),
        try_to(Client(), email="nobody@nordwind.test"),
        try_to(Client(), email="gone@nordwind.test"),
    ]
    texts = {re.sub(r'(value|data-options)="[^"]*"', "", answer.content.decode()) for answer in answers}
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert len(texts) == 1
    assert "do not belong together" in texts.pop()


def test_an_unknown_address_costs_a_password_hash_as_well(clara: User, browser_client: Client) -> None:
    with patch.object(
        MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode
    ) as spy:
        try_to(browser_client, password="wrong-wrong-wrong")
        for_known = spy.call_count
        try_to(browser_client, email="nobody@nordwind.test", password="wrong-wrong-wrong")
        for_unknown = spy.call_count - for_known
    assert for_known == for_unknown == 1


def test_the_eleventh_try_at_an_account_has_to_wait_even_with_the_right_password(clara: User) -> None:
    for _ in range(10):
        assert try_to(Client(), password="wrong-wrong-wrong").status_code == 422
    client = Client()
    answer = try_to(client, headers={"X-Forwarded-For": "203.0.113.9"})  # nobody believes this header
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 900
    assert "Too many tries" in answer.content.decode()
    assert not is_signed_in(client)


def test_an_account_that_does_not_exist_is_throttled_alike(clara: User) -> None:
    for _ in range(10):
        assert try_to(Client(), email="nobody@nordwind.test").status_code == 422
    assert try_to(Client(), email="nobody@nordwind.test").status_code == 429
    assert try_to(Client()).status_code == 302  # Clara is not held up by it


def test_one_client_trying_many_accounts_has_to_wait(clara: User) -> None:
    for number in range(50):
        assert try_to(Client(), email=f"person{number}@nordwind.test").status_code == 422
    assert try_to(Client(), email="person50@nordwind.test").status_code == 429
    assert Client(REMOTE_ADDR="198.51.100.7").post(
        "/app/sign-in/", {"email": EMAIL, "password": PASSWORD}
    ).status_code == 302  # fmt: skip


def test_a_success_forgets_the_failures_before_it(clara: User) -> None:
    for _ in range(9):
        try_to(Client(), password="wrong-wrong-wrong")
    assert try_to(Client()).status_code == 302
    for _ in range(9):
        assert try_to(Client(), password="wrong-wrong-wrong").status_code == 422


def test_the_table_of_tries_holds_no_address(clara: User, browser_client: Client) -> None:
    try_to(browser_client, password="wrong-wrong-wrong")
    assert Attempt.objects.count() == 2
    assert not any("clara" in attempt.key for attempt in Attempt.objects.all())


@pytest.mark.parametrize(
    "goal",
    [
        "https://evil.test/", "//evil.test/app/", "/\\evil.test", "/app/../../evil", "http:///evil.test",
        "javascript:alert(1)",
        "/app/\\@evil.test", "\\\\evil.test", "/%09/evil.test", " //evil.test", "/app", "app/", "/p/nordwind/",
        "/app/\r\nLocation: https://evil.test", "///evil.test", "https:evil.test", "\t//evil.test", "/app/\x00",
    ],
)  # fmt: skip
def test_after_signing_in_nobody_is_led_away(goal: str, clara: User, browser_client: Client) -> None:
    answer = try_to(browser_client, next=goal)
    assert answer.status_code == 302
    assert answer["Location"] == "/app/"
    assert 'name="next" value="/app/"' in Client().get("/app/sign-in/", {"next": goal}).content.decode()


def test_after_signing_in_one_is_where_one_wanted_to_be(clara: User, browser_client: Client) -> None:
    wanted = "/app/nordwind/orders/?tab=attention"
    asked = browser_client.get(wanted)
    assert browser_client.get(asked["Location"]).status_code == 200
    assert try_to(browser_client, next=wanted)["Location"] == wanted


def test_whoever_is_signed_in_does_not_see_the_form(clara: User, browser_client: Client) -> None:
    browser_client.force_login(clara)
    assert browser_client.get("/app/sign-in/")["Location"] == "/app/"


def test_signing_out_is_a_post_and_ends_the_session(clara: User, browser_client: Client) -> None:
    browser_client.force_login(clara)
    assert browser_client.get("/app/sign-out/").status_code == 405
    assert is_signed_in(browser_client)
    assert browser_client.post("/app/sign-out/")["Location"] == "/app/sign-in/"
    assert browser_client.get("/app/nordwind/orders/").status_code == 302


def test_the_form_needs_a_csrf_token(clara: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert try_to(client).status_code == 403
    assert not is_signed_in(client)


@pytest.mark.parametrize("email", ["", "x" * 255, "clara@nordwind.test\x00", "ünïcode@nordwind.test"])
def test_odd_addresses_are_an_error_on_the_form(email: str, clara: User, browser_client: Client) -> None:
    assert try_to(browser_client, email=email).status_code == 422


def test_the_language_is_chosen_on_the_page(clara: User, browser_client: Client) -> None:
    browser_client.post("/app/language/", {"language": "de"})
    assert '<html lang="de"' in browser_client.get("/app/sign-in/").content.decode()
    away = browser_client.post("/app/language/", {"language": "en", "next": "https://evil.test/"})
    assert "evil.test" not in away["Location"]
