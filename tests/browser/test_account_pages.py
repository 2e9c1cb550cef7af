"""Accounts, team and audit log in a real browser; passkeys with a virtual authenticator."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from accounts import team, two_factor
from accounts.models import Passkey
from merchants import commands
from merchants.models import Merchant, Role
from merchants.scope import merchant_scope
from tests.browser.conftest import Browse, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Axe = Callable[..., list[str]]
LOOKS = [(390, "dark"), (1280, "light")]
EMAIL, PASSWORD = "clara@nordwind.test", "lighthouse-9-keeper"


@pytest.fixture
def clara(merchant: Merchant) -> User:
    """Nordwind's owner, with a colleague, an open invitation and a few changes behind her."""
    user = commands.add_member(merchant, email=EMAIL, password=PASSWORD).user
    commands.add_member(merchant, email="ben@nordwind.test", password=PASSWORD, role=Role.SUPPORT)
    User.objects.filter(username="ben@nordwind.test").update(first_name="Ben Okafor")
    with merchant_scope(merchant):
        team.invite(merchant, email="dora@nordwind.test", role=Role.ANALYST, by=user)
        ben = team.members(merchant)[-1]
        team.change_role(merchant, ben.pk, Role.MANAGER if ben.role == Role.SUPPORT else Role.OWNER)
    return user


def cookies(user: User, url: str) -> list[dict[str, Any]]:
    client = Client()
    client.force_login(user)
    return [{"name": "session", "value": client.cookies["session"].value, "url": url}]


PAGES = {
    "account": "/app/account/",
    "password": "/app/account/password/",
    "app": "/app/account/app/",
    "passkey": "/app/account/passkeys/add/",
    "confirm": "/app/account/confirm/",
    "team": "/app/nordwind/settings/team/",
    "invite": "/app/nordwind/settings/team/invite/",
    "audit": "/app/nordwind/settings/audit/",
}
FOR_NOBODY = {"sign-in": "/app/sign-in/", "forgot": "/app/forgot/", "invitation-gone": "/app/invitation/x/"}


def judge(visit: Visit, name: str, axe: Axe) -> None:
    """Quiet, within the window, and usable by everybody."""
    assert visit.messages == ([] if visit.status == 200 else visit.messages[:1])
    assert visit.strangers == []
    for width, scheme in LOOKS:
        visit.look(width, scheme)
        visit.keep(f"account-{name}-{width}-{scheme}")
        assert not visit.scrolls_sideways(), (name, width, scheme)
        assert axe(visit) == [], (name, width, scheme)


def test_pages_of_people_are_usable_quiet_and_fit(
    clara: User, live_server: Any, browse: Browse, axe: Axe
) -> None:
    url = str(live_server)
    cookie = cookies(clara, url)
    for name, path in PAGES.items():
        visit = browse(url + path, cookies=cookie)
        assert visit.status == 200
        judge(visit, name, axe)
        visit.over()


def test_pages_for_nobody_are_usable_quiet_and_fit(live_server: Any, browse: Browse, axe: Axe) -> None:
    for name, path in FOR_NOBODY.items():
        visit = browse(str(live_server) + path)
        judge(visit, name, axe)
        visit.over()


# --- Passkeys ---


@pytest.fixture
def desk(chromium: Browser, live_server: Any) -> Iterator[Page]:
    """A browser with a built-in authenticator that checks its owner and keeps discoverable passkeys."""
    context = chromium.new_context(base_url=f"http://localhost:{live_server.thread.port}")
    page = context.new_page()
    debugger = context.new_cdp_session(page)
    debugger.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    debugger.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield page
    context.close()


def sign_in(page: Page) -> None:
    page.goto("/app/sign-in/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def with_passkey(page: Page) -> None:
    sign_in(page)
    page.goto("/app/account/passkeys/add/")
    page.get_by_label("What do you call it?").fill("Clara's laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_text("Make new recovery codes?")).to_be_visible()


def sign_out(page: Page) -> None:
    page.goto("/app/account/")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/app/sign-in/"))


def test_a_passkey_is_added_and_is_the_second_step_of_signing_in(clara: User, desk: Page) -> None:
    with_passkey(desk)
    passkey = Passkey.objects.get()
    assert (passkey.user, passkey.name, passkey.last_used_at) == (clara, "Clara's laptop", None)
    sign_out(desk)
    sign_in(desk)
    expect(desk).to_have_url(re.compile("/app/sign-in/second/"))
    desk.get_by_role("button", name="Use a passkey").click()
    expect(desk).to_have_url(re.compile("/app/nordwind/"))
    used = Passkey.objects.get()
    assert used.last_used_at is not None
    assert used.sign_count > passkey.sign_count


def test_a_passkey_alone_signs_in(clara: User, desk: Page) -> None:
    with_passkey(desk)
    sign_out(desk)
    desk.goto("/app/sign-in/?next=/app/nordwind/messages/")
    desk.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk).to_have_url(re.compile("/app/nordwind/messages/"))


def test_a_passkeys_answer_works_once_and_for_its_page_only(clara: User, desk: Page) -> None:
    with_passkey(desk)
    sign_out(desk)
    sent: list[dict[str, str]] = []
    desk.on(
        "request",
        lambda r: sent.append(dict(r.post_data_json)) if "passkey" in r.url and r.post_data else None,
    )
    desk.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk).to_have_url(re.compile("/app/nordwind/"))
    (answer,) = sent
    host = desk.url.split("/")[2]
    for path, given in (
        ("/app/sign-in/passkey/", answer),
        ("/app/sign-in/passkey/", {**answer, "challenge": "made-up"}),
        ("/app/sign-in/passkey/", {"answer": '{"id": "AAAA"}', "challenge": answer["challenge"]}),
        ("/app/sign-in/passkey/", {"answer": "[]", "challenge": answer["challenge"]}),
        ("/app/sign-in/passkey/", {}),
    ):
        stranger = Client(SERVER_NAME=host.split(":")[0], SERVER_PORT=host.split(":")[1])
        assert stranger.post(path, given).status_code == 422
        assert "_auth_user_id" not in stranger.session


def test_a_removed_passkey_signs_nobody_in(clara: User, desk: Page) -> None:
    with_passkey(desk)
    desk.goto("/app/account/")
    desk.get_by_role("link", name=re.compile("Remove.*Clara's laptop")).click()
    desk.get_by_role("button", name="Remove it").click()
    expect(desk.get_by_text("does not work here any more")).to_be_visible()
    assert not two_factor.has_second_factor(clara)
    sign_out(desk)
    desk.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk.get_by_role("heading", name="This passkey did not work")).to_be_visible()
