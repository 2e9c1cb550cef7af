"""People's own accounts: second factors, sessions, passwords, and proving who one is before something that hurts."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import mail, sessions, two_factor
from accounts.models import RecoveryCode, SignedIn, StaffMail, TotpDevice
from dashboard.account.urls import before_signing_in, own
from merchants import commands
from merchants.models import AuditEntry, Membership, Merchant, Role
from merchants.scope import merchant_scope, platform_scope
from tests.dashboard.conftest import PASSWORD
from tests.smtp_sink import SmtpSink

EMAIL = "clara@nordwind.test"
IDS = {"passkey_id": UUID(int=0), "session_id": UUID(int=0)}


@pytest.fixture
def clara(merchant: Merchant) -> User:
    """Nordwind's owner."""
    return commands.add_member(merchant, email=EMAIL, password=PASSWORD).user


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the sessions' clock forward by seconds."""
    real, moved = time.time, 0.0

    def move(by: float) -> None:
        nonlocal moved
        moved += by

    monkeypatch.setattr(time, "time", lambda: real() + moved)
    return move


def sign_in(email: str = EMAIL, password: str = PASSWORD, agent: str = "", **more: Any) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post("/app/sign-in/", {"email": email, "password": password, **more})
    return client


def is_in(client: Client) -> bool:
    return client.get("/app/account/").status_code == 200


def app_of(user: User) -> pyotp.TOTP:
    """An authenticator app that is set up."""
    device = two_factor.begin_app(user)
    TotpDevice.objects.filter(pk=device.pk).update(confirmed_at=timezone.now())
    return pyotp.TOTP(device.secret)


def page(client: Client, path: str, **more: Any) -> str:
    return client.get(path, **more).content.decode()


# --- Who may open these pages ---


@pytest.mark.parametrize("name", [entry.name for entry in own])
def test_nobody_gets_to_an_account(name: str, db: None) -> None:
    pattern = next(entry for entry in own if entry.name == name)
    path = reverse(f"dashboard:{name}", kwargs={key: IDS[key] for key in pattern.pattern.converters})
    for answer in (Client().get(path), Client().post(path)):
        assert answer.status_code in (302, 405)
        if answer.status_code == 302:
            assert answer["Location"].startswith("/app/sign-in/")


def test_pages_for_nobody_are_those_that_these_tests_think_of() -> None:
    assert {entry.name for entry in before_signing_in} == {
        "second_step", "passkey_sign_in", "forgot", "reset", "invitation",
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["/app/account/app/", "/app/account/app/remove/", "/app/account/passkeys/add/", "/app/account/recovery-codes/"],
)  # fmt: skip
def test_changes_of_how_one_signs_in_ask_who_it_is_after_ten_minutes(
    path: str, clara: User, clock: Callable[[float], None]
) -> None:
    client = sign_in()
    assert client.get(path).get("Location", "") in ("", "/app/account/")
    clock(601)
    for answer in (client.get(path), client.post(path)):
        assert answer["Location"].startswith("/app/account/confirm/?next=")
    assert not RecoveryCode.objects.exists()
    refused = client.post("/app/account/confirm/", {"next": path, "password": "wrong-wrong-wrong"})
    assert refused.status_code == 422
    assert client.post("/app/account/confirm/", {"next": path, "password": PASSWORD})["Location"] == path
    assert client.get(path).get("Location", "") in ("", "/app/account/")


# --- Authenticator app ---


def test_an_app_is_set_up_by_its_first_code_and_asked_for_from_then_on(clara: User) -> None:
    client = sign_in()
    text = page(client, "/app/account/app/")
    secret = re.search(r'<p class="mono">([A-Z2-7 ]+)</p>', text)
    assert secret is not None
    assert "<svg" in text
    assert "style=" not in text
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    assert client.post("/app/account/app/", {"code": "000000"}).status_code == 422
    assert not two_factor.has_second_factor(clara)
    answer = client.post("/app/account/app/", {"code": app.now()})
    assert answer["Location"] == "/app/account/recovery-codes/"
    assert two_factor.has_second_factor(clara)
    assert is_in(client)
    other = sign_in(next="/app/nordwind/messages/")
    assert not is_in(other)
    # The code of the next step: that of now was spent on setting up.
    answer = other.post("/app/sign-in/second/", {"code": app.at(time.time() + 30)})
    assert answer["Location"] == "/app/nordwind/messages/"
    assert is_in(other)


def test_a_code_works_once(clara: User) -> None:
    app = app_of(clara)
    code = app.now()
    first, second = sign_in(), sign_in()
    assert first.post("/app/sign-in/second/", {"code": code}).status_code == 302
    assert second.post("/app/sign-in/second/", {"code": code}).status_code == 422
    assert (is_in(first), is_in(second)) == (True, False)


def test_codes_of_another_time_and_letters_are_refused(clara: User) -> None:
    app = app_of(clara)
    client = sign_in()
    for code in (app.at(time.time() - 90), app.at(time.time() + 90), "", "abcdef", "٠١٢٣٤٥", "1" * 40, "\0"):
        assert client.post("/app/sign-in/second/", {"code": code}).status_code == 422
    assert not is_in(client)


def test_the_eleventh_try_at_a_second_factor_has_to_wait_even_with_the_right_code(clara: User) -> None:
    app = app_of(clara)
    for _ in range(10):
        assert sign_in().post("/app/sign-in/second/", {"code": "000000"}).status_code == 422
    client = sign_in()
    answer = client.post("/app/sign-in/second/", {"code": app.now()})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert not is_in(client)


def test_the_password_alone_opens_nothing_and_is_forgotten_after_ten_minutes(
    clara: User, clock: Callable[[float], None]
) -> None:
    app = app_of(clara)
    client = sign_in()
    assert client.get("/app/nordwind/orders/").status_code == 302
    clock(601)
    assert client.post("/app/sign-in/second/", {"code": app.now()})["Location"] == "/app/sign-in/"
    assert not is_in(client)


def test_a_password_that_was_changed_between_the_two_steps_ends_the_first(clara: User) -> None:
    app = app_of(clara)
    client = sign_in()
    clara.set_password("another-lighthouse-7")
    clara.save()
    assert client.post("/app/sign-in/second/", {"code": app.now()})["Location"] == "/app/sign-in/"


def test_a_second_step_without_a_first_leads_back(db: None) -> None:
    assert Client().post("/app/sign-in/second/", {"code": "123456"})["Location"] == "/app/sign-in/"


def test_a_confirmation_takes_the_second_factor_of_those_who_have_one(
    clara: User, clock: Callable[[float], None]
) -> None:
    app = app_of(clara)
    client = sign_in()
    client.post("/app/sign-in/second/", {"code": app.now()})
    clock(700)
    refused = client.post("/app/account/confirm/", {"password": PASSWORD, "next": "/app/account/app/"})
    assert refused.status_code == 422
    answer = client.post("/app/account/confirm/", {"code": app.at(time.time()), "next": "/app/account/app/"})
    assert answer["Location"] == "/app/account/app/"


# --- Recovery codes ---


def test_recovery_codes_are_shown_once_and_each_works_once(clara: User) -> None:
    app = app_of(clara)
    client = sign_in()
    client.post("/app/sign-in/second/", {"code": app.now()})
    made = client.post("/app/account/recovery-codes/").content.decode()
    shown = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", made)
    assert len(set(shown)) == 10
    assert not any(code in page(client, "/app/account/recovery-codes/") for code in shown)
    for code in (shown[0].upper(), f" {shown[1].replace('-', '')} "):
        other = sign_in()
        assert other.post("/app/sign-in/second/", {"code": code}).status_code == 302
        assert sign_in().post("/app/sign-in/second/", {"code": code}).status_code == 422
    assert two_factor.codes_left(clara) == 8
    stored = b"".join(bytes(row.digest) for row in RecoveryCode.objects.all())
    assert not any(code.encode() in stored for code in shown)


def test_new_recovery_codes_replace_the_former_and_go_with_the_last_factor(clara: User) -> None:
    app_of(clara)
    old, new = two_factor.new_codes(clara), two_factor.new_codes(clara)
    assert not two_factor.check_code(clara, old[0])
    assert two_factor.check_code(clara, new[0])
    two_factor.remove_app(clara)
    assert two_factor.codes_left(clara) == 0


# --- A team that asks for a second factor ---


def test_a_shop_that_asks_for_it_shows_nothing_to_a_session_without_one(
    merchant: Merchant, clara: User
) -> None:
    before = sign_in()
    Merchant.objects.filter(pk=merchant.pk).update(two_factor_required=True)
    assert before.get("/app/nordwind/orders/")["Location"] == "/app/account/"
    assert "authenticator app" in page(before, "/app/account/")
    fragment = before.get("/app/nordwind/orders/", headers={"HX-Request": "true"})
    assert (fragment["HX-Redirect"], fragment.content) == ("/app/account/", b"")
    app = app_of(clara)
    assert before.get("/app/nordwind/orders/").status_code == 302
    after = sign_in()
    after.post("/app/sign-in/second/", {"code": app.now()})
    assert after.get("/app/nordwind/orders/").status_code == 200


def test_setting_up_a_factor_ends_the_sessions_that_have_none(clara: User) -> None:
    elsewhere, here = sign_in(), sign_in()
    here.get("/app/account/app/")
    here.post("/app/account/app/", {"code": pyotp.TOTP(TotpDevice.objects.get().secret).now()})
    assert (is_in(elsewhere), is_in(here)) == (False, True)


def test_only_somebody_with_a_second_factor_can_ask_it_of_the_team(merchant: Merchant, clara: User) -> None:
    client = sign_in()
    client.post("/app/nordwind/settings/team/two-factor/", {"required": "1"})
    assert not Merchant.objects.get().two_factor_required
    app = app_of(clara)
    client = sign_in()
    client.post("/app/sign-in/second/", {"code": app.now()})
    client.post("/app/nordwind/settings/team/two-factor/", {"required": "1"})
    assert Merchant.objects.get().two_factor_required


# --- Sessions ---


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/19.0 Mobile/15E148 Safari/604.1"
)


def test_the_list_names_devices_and_never_a_whole_address(clara: User) -> None:
    sign_in(agent=IPHONE)
    text = page(sign_in(agent=FIREFOX), "/app/account/")
    assert "Firefox, Linux" in text
    assert "Safari, iPhone" in text
    assert "127.0.0.x" in text
    assert "127.0.0.1" not in text


@pytest.mark.parametrize(
    ("address", "shown"),
    [("203.0.113.77", "203.0.113.x"), ("2001:db8:7:9::1", "2001:db8:7::"), ("unknown", "")],
)
def test_addresses_are_masked(address: str, shown: str) -> None:
    assert sessions.masked(address) == shown


def test_a_session_is_ended_from_another(clara: User) -> None:
    phone, desk = sign_in(agent=IPHONE), sign_in(agent=FIREFOX)
    row = SignedIn.objects.get(agent=IPHONE)
    desk.post(f"/app/account/sessions/{row.pk}/end/")
    assert (is_in(phone), is_in(desk)) == (False, True)


def test_all_others_are_ended_at_once(clara: User) -> None:
    others, here = [sign_in(), sign_in()], sign_in()
    here.post("/app/account/sessions/end-others/")
    assert [is_in(client) for client in (*others, here)] == [False, False, True]
    assert SignedIn.objects.count() == 1


def test_another_persons_session_cannot_be_ended(merchant: Merchant, clara: User) -> None:
    commands.add_member(merchant, email="ben@nordwind.test", password=PASSWORD)
    hers, his = sign_in(), sign_in("ben@nordwind.test")
    row = SignedIn.objects.get(user=clara)
    assert his.post(f"/app/account/sessions/{row.pk}/end/").status_code == 404
    assert is_in(hers)


def test_a_session_ends_after_a_day_without_use_and_after_a_fortnight_whatever_happens(
    clara: User, clock: Callable[[float], None], settings: Any
) -> None:
    client = sign_in()
    clock(settings.SESSION_IDLE_SECONDS - 60)
    assert is_in(client)
    clock(settings.SESSION_IDLE_SECONDS - 60)
    assert is_in(client)
    clock(settings.SESSION_IDLE_SECONDS + 60)
    assert not is_in(client)
    client = sign_in()
    for _ in range(14):
        clock(24 * 3600 - 10)
        assert is_in(client)
    clock(200)
    assert not is_in(client)
    assert SignedIn.objects.count() == 0


def test_signing_out_takes_the_session_off_the_list(clara: User) -> None:
    client = sign_in()
    client.post("/app/sign-out/")
    assert SignedIn.objects.count() == 0
    assert Session.objects.count() == 0


def test_a_session_dies_when_its_person_leaves_the_last_team(merchant: Merchant, clara: User) -> None:
    ben = commands.add_member(merchant, email="ben@nordwind.test", password=PASSWORD, role=Role.SUPPORT)
    hers, his = sign_in(), sign_in("ben@nordwind.test")
    assert his.get("/app/nordwind/orders/").status_code == 200
    assert hers.post(f"/app/nordwind/settings/team/{ben.pk}/remove/").status_code == 302
    assert his.get("/app/nordwind/orders/")["Location"].startswith("/app/sign-in/")


def test_a_role_that_was_taken_away_holds_from_the_next_request_on(merchant: Merchant, clara: User) -> None:
    ben = commands.add_member(merchant, email="ben@nordwind.test", password=PASSWORD, role=Role.MANAGER)
    his = sign_in("ben@nordwind.test")
    assert his.get("/app/nordwind/settings/brand/").status_code == 200
    Membership.objects.filter(pk=ben.pk).update(role=Role.ANALYST)
    assert his.get("/app/nordwind/settings/brand/").status_code == 403


def test_ended_sessions_are_forgotten_in_time(clara: User) -> None:
    sign_in()
    assert sessions.forget_old() == 0
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert sessions.forget_old() == 1
    assert (Session.objects.count(), SignedIn.objects.count()) == (0, 0)


# --- Passwords ---


def test_a_new_password_ends_all_other_sessions(clara: User) -> None:
    other, client = sign_in(), sign_in()
    path, new = "/app/account/password/", "another-lighthouse-7"
    assert client.post(path, {"current": "wrong-wrong", "password": new}).status_code == 422
    assert client.post(path, {"current": PASSWORD, "password": "clara-nordwind"}).status_code == 422
    assert client.post(path, {"current": PASSWORD, "password": new}).status_code == 302
    assert (is_in(other), is_in(client)) == (False, True)
    assert not is_in(sign_in())
    assert is_in(sign_in(password=new))
    assert "this one" in page(client, "/app/account/")


def link_in(smtp_sink: SmtpSink) -> str:
    while mail.send_due():
        pass
    found = re.search(r"https?://[^/]+(/app/reset/\S+)", smtp_sink.mails[-1].text)
    assert found is not None
    return found[1]


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(clara: User, smtp_sink: SmtpSink) -> None:
    old = sign_in()
    Client().post("/app/forgot/", {"email": f" {EMAIL.upper()} "})
    link = link_in(smtp_sink)
    client, new = Client(), "another-lighthouse-7"
    assert client.post(link, {"password": "short"}).status_code == 422
    assert client.post(link, {"password": new})["Location"] == "/app/sign-in/"
    assert (
        client.get(link).status_code
        == client.post(link, {"password": "third-lighthouse-8"}).status_code
        == 410
    )
    assert not is_in(old)
    assert is_in(sign_in(password=new))


def test_a_link_for_a_forgotten_password_does_not_stand_in_for_the_second_factor(
    clara: User, smtp_sink: SmtpSink
) -> None:
    app_of(clara)
    Client().post("/app/forgot/", {"email": EMAIL})
    client = Client()
    client.post(link_in(smtp_sink), {"password": "another-lighthouse-7"})
    assert not is_in(client)
    assert not is_in(sign_in(password="another-lighthouse-7"))


def test_a_link_for_a_forgotten_password_works_for_an_hour(
    clara: User, smtp_sink: SmtpSink, settings: Any
) -> None:
    Client().post("/app/forgot/", {"email": EMAIL})
    link = link_in(smtp_sink)
    assert Client().get(link).status_code == 200
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert Client().get(link).status_code == 410


@pytest.mark.parametrize("uid", ["MQ", "x", "AAAAAAAA", "OTk5OTk5OTk5OTk5OTk5OTk5OTk", "%C3%BC"])
def test_a_link_that_is_none_says_so(uid: str, db: None) -> None:
    assert Client().get(f"/app/reset/{uid}/cyy-000/").status_code == 410


def test_nobody_learns_whether_an_address_has_an_account(clara: User) -> None:
    known = Client().post("/app/forgot/", {"email": EMAIL})
    unknown = Client().post("/app/forgot/", {"email": "alfa@nordwind.test"})
    assert known.status_code == unknown.status_code == 200
    texts = {
        re.sub(r'value="[^"]*"|\w+@nordwind.test', "", answer.content.decode()) for answer in (known, unknown)
    }
    assert len(texts) == 1
    assert StaffMail.objects.get().recipient == EMAIL


def test_nobody_can_fill_somebodys_mailbox(clara: User) -> None:
    for _ in range(6):
        assert Client().post("/app/forgot/", {"email": EMAIL}).status_code == 200
    assert StaffMail.objects.count() == 3


# --- Invitations, as people meet them ---


def invited(owner: Client, email: str = "dora@nordwind.test", role: str = "analyst") -> str:
    """The path in the invitation's mail."""
    answer = owner.post("/app/nordwind/settings/team/invite/", {"email": email, "role": role})
    assert answer.status_code == 302
    found = re.search(r"/app/invitation/\S+", StaffMail.objects.latest("created_at").text)
    assert found is not None
    return found[0]


def test_a_new_person_joins_by_the_link_and_is_signed_in(merchant: Merchant, clara: User) -> None:
    path, dora = invited(sign_in()), Client()
    assert "Join the team of Nordwind" in page(dora, path)
    refused = dora.post(path, {"name": "Dora Lang", "password": "short"})
    assert refused.status_code == 422
    assert 'value="Dora Lang"' in refused.content.decode()
    assert dora.post(path, {"name": "Dora Lang", "password": PASSWORD})["Location"] == "/app/nordwind/"
    assert dora.get("/app/nordwind/orders/").status_code == 200
    assert Client().get(path).status_code == 410
    assert dora.post(path).status_code == 410
    assert Membership.objects.get(user__username="dora@nordwind.test").role == "analyst"


def test_somebody_with_an_account_joins_with_it(merchant: Merchant, stranger: Merchant, clara: User) -> None:
    commands.add_member(stranger, email="dora@nordwind.test", password=PASSWORD)
    path = invited(sign_in())
    page_ = Client().get(path).content.decode()
    assert f"/app/sign-in/?next={path}" in page_
    assert 'name="password"' not in page_
    Client().post(path, {"name": "Mallory", "password": "another-lighthouse-7"})
    dora = sign_in("dora@nordwind.test", next=path)
    assert dora.post(path)["Location"] == "/app/nordwind/"
    assert sorted(Membership.objects.filter(user__username="dora@nordwind.test").values_list("role", flat=True)) == [
        "analyst", "owner",
    ]  # fmt: skip


def test_somebody_else_cannot_take_the_invitation(merchant: Merchant, clara: User) -> None:
    path, client = invited(sign_in()), sign_in()
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 403
        assert "for somebody else" in answer.content.decode()
    assert Membership.objects.count() == 1


# --- The audit log ---


def test_changes_of_ones_sign_in_stand_in_the_teams_audit_log(merchant: Merchant, clara: User) -> None:
    client = sign_in()
    client.get("/app/account/app/")
    client.post("/app/account/app/", {"code": pyotp.TOTP(TotpDevice.objects.get().secret).now()})
    client.post("/app/account/recovery-codes/")
    client.post("/app/account/password/", {"current": PASSWORD, "password": "another-lighthouse-7"})
    with platform_scope("a test reads all entries"):
        rows = list(AuditEntry.objects.order_by("occurred_at").values_list("action", "actor"))
    assert rows == [
        ("account.authenticator_added", EMAIL), ("account.recovery_codes_made", EMAIL),
        ("account.password_changed", EMAIL),
    ]  # fmt: skip


# --- Another shop ---


def test_an_owner_makes_another_shop_where_the_installation_allows_it(
    merchant: Merchant, clara: User, settings: Any
) -> None:
    client, given = sign_in(), {"name": "Westwind", "slug": "westwind", "locale": "de", "currency": "CHF"}
    assert client.post("/app/shops/new/", given).status_code == 404
    settings.NEW_SHOPS = True
    for slug in ("nordwind", "account", "sign-in", "No Slug"):
        assert client.post("/app/shops/new/", {**given, "slug": slug}).status_code == 422
    assert client.post("/app/shops/new/", given)["Location"] == "/app/westwind/"
    made = Merchant.objects.get(slug="westwind")
    assert (made.locale, made.currency, made.memberships.get().role) == ("de", "CHF", "owner")
    with merchant_scope(made):
        assert AuditEntry.objects.get().action == "merchant.created"
    commands.add_member(merchant, email="ben@nordwind.test", password=PASSWORD, role=Role.MANAGER)
    assert sign_in("ben@nordwind.test").get("/app/shops/new/").status_code == 404
