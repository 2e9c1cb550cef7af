"""What every page of a portal keeps to: its policy, its merchant, its language, its host, and other people's words."""

import base64
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.models import Merchant, PortalDomain
from merchants.scope import merchant_scope
from orders.models import Order
from orders.schemas import AddressIn, LineIn
from tests import factories
from tests.portal.scenes import SCENES, parcel_of, placed, scanned, shipped, token_of
from tracking.models import Shipment

POLICY = {
    "default-src": "'none'",
    "style-src": "'self' 'nonce-{nonce}'",
    "img-src": "'self' data:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</style><script>alert(1)</script>",
    "{{ 7|add:7 }}{% csrf_token %}",
    "javascript:alert(1)",
    "</title><h1>x",
    "\u202eevil\u202c",
]
# What any of these would leave in a page that does not escape it.
ALIVE = [
    "<script",
    "<img src=x",
    "<svg onload",
    "</style><s",
    "<h1>x",
    'href="javascript:',
    "href='javascript",
]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return scanned(merchant, "en", "")


def path_of(order: Order, slug: str = "nordwind") -> str:
    return f"/p/{slug}/t/{token_of(order)}/"


# --- headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page", ["/p/nordwind/", "/p/nordwind/link/", "track", "/p/nordwind/t/nope/", "/p/nordwind/x/"]
)
def test_every_page_has_the_strict_policy_and_no_cookie(order: Order, client: Client, page: str) -> None:
    response = client.get(path_of(order) if page == "track" else page)
    html = response.content.decode()
    nonce = re.search(r'<style nonce="([^"]+)">', html)
    assert nonce
    sent = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    assert sent == {name: value.format(nonce=nonce[1]) for name, value in POLICY.items()}
    assert not response.cookies
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Cache-Control"] == "private, no-cache"
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Content-Language"] == "en"
    assert "<script" not in html
    assert not re.search(r'\sstyle="|\son\w+="', html)


def test_a_nonce_is_used_once(order: Order, client: Client) -> None:
    policies = {client.get("/p/nordwind/")["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


@pytest.mark.parametrize(
    "headers",
    [{"HTTP_ORIGIN": "https://evil.example"}, {"HTTP_SEC_FETCH_SITE": "cross-site"}, {"HTTP_ORIGIN": "null"}],
)
def test_a_form_of_another_site_is_refused(order: Order, client: Client, headers: dict[str, str]) -> None:
    response = client.post("/p/nordwind/link/", {"order": order.number, "who": order.email}, **headers)
    assert response.status_code == 403
    assert b"This form came from another page" in response.content


def test_our_own_form_is_taken_as_browsers_send_it(order: Order, client: Client) -> None:
    headers = {"HTTP_ORIGIN": "http://testserver", "HTTP_SEC_FETCH_SITE": "same-origin"}
    response = Client(enforce_csrf_checks=True).post(
        "/p/nordwind/", {"order": order.number, "who": order.email}, **headers
    )
    assert response.status_code == 303


def test_other_methods_are_refused(order: Order, client: Client) -> None:
    response = client.delete(path_of(order))
    assert response.status_code == 405
    assert response["Allow"] == "GET"
    assert client.head(path_of(order)).status_code == 200


# --- whose page it is ------------------------------------------------------------------------------


def test_tokens_that_open_nothing_all_get_one_page(
    order: Order, merchant: Merchant, stranger: Merchant, client: Client
) -> None:
    foreign = placed(stranger, "en")
    expired = placed(merchant, "en")
    with merchant_scope(merchant):
        Order.objects.filter(pk=expired.pk).update(link_expires_at=timezone.now() - timedelta(seconds=1))
    answers = [
        client.get(f"/p/nordwind/t/{token}/")
        for token in (token_of(foreign), token_of(expired), "A" * 24, "x", token_of(order)[:-1])
    ]
    bodies = {re.sub(rb'nonce="[^"]+"', b"", answer.content) for answer in answers}
    assert {answer.status_code for answer in answers} == {410}
    assert len(bodies) == 1
    assert b"Send me a new link" in bodies.pop()


@pytest.mark.parametrize("kind", ["t", "o"])
@pytest.mark.parametrize("rest", ["", "1/", "delivery.ics"])
def test_a_token_works_at_its_own_merchant_only(
    order: Order, stranger: Merchant, client: Client, kind: str, rest: str
) -> None:
    answer = client.get(f"/p/sudwind/{kind}/{token_of(order)}/{rest}", follow=True)
    assert answer.status_code in (404, 410)
    assert b"Fjord" not in answer.content


def test_an_unknown_shop_and_an_unknown_page_are_not_found(order: Order, client: Client) -> None:
    assert client.get("/p/nobody/").status_code == 404
    answer = client.get("/p/nordwind/no/such/page/")
    assert answer.status_code == 404
    assert b"Nordwind" in answer.content
    assert client.get(f"/p/nordwind/t/{token_of(order)}")["Location"] == path_of(order)


def test_pages_take_few_queries(order: Order, client: Client, django_assert_num_queries: Any) -> None:
    client.get(path_of(order))
    with django_assert_num_queries(2):
        client.get(path_of(order))
    with django_assert_num_queries(2):
        client.get(f"/p/nordwind/o/{token_of(order)}/")


# --- the merchant's own host -----------------------------------------------------------------------


@pytest.fixture
def own_host(merchant: Merchant) -> str:
    return PortalDomain.objects.create(
        host="track.nordwind.test", merchant=merchant, verified_at=timezone.now()
    ).host


def test_a_merchants_own_host_shows_its_portal_at_the_root(
    order: Order, own_host: str, client: Client
) -> None:
    home = client.get("/", headers={"Host": own_host})
    assert home.status_code == 200
    assert 'action="/"' in home.content.decode()
    assert "/p/nordwind/" not in home.content.decode()
    page = client.get(f"/t/{token_of(order)}/", headers={"Host": own_host})
    assert page.status_code == 200
    assert f'href="/o/{token_of(order)}/"' in page.content.decode()
    found = client.post("/", {"order": order.number, "who": order.email}, headers={"Host": own_host})
    assert found["Location"] == f"/t/{token_of(order)}/"


@pytest.mark.parametrize(
    "path", ["/api/v1/orders", "/app/", "/p/nordwind/", "/p/sudwind/", "/hooks/shopify/nordwind"]
)
def test_a_merchants_own_host_serves_nothing_else(
    own_host: str, stranger: Merchant, client: Client, path: str
) -> None:
    for ask in (client.get, client.post):
        answer = ask(path, headers={"Host": own_host}, follow=True)
        assert answer.status_code in (404, 405)
        assert "Nordwind" in answer.content.decode()


def test_another_merchants_order_is_not_shown_on_this_host(
    own_host: str, stranger: Merchant, client: Client
) -> None:
    foreign = placed(stranger, "en")
    assert client.get(f"/t/{token_of(foreign)}/", headers={"Host": own_host}).status_code == 410


def test_an_unknown_host_is_refused_where_hosts_are_known(
    settings: Any, own_host: str, client: Client
) -> None:
    settings.KNOWN_HOSTS = ["app.test"]
    assert client.get("/p/nordwind/", headers={"Host": "app.test"}).status_code == 200
    assert client.get("/", headers={"Host": own_host}).status_code == 200
    assert client.get("/p/nordwind/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": own_host.upper() + ":8000"}).status_code == 200


def test_nobody_is_sent_on_to_a_host_that_is_not_ours(settings: Any, db: None) -> None:
    """The redirect to https names the host of the request: it must be one of ours before."""
    settings.KNOWN_HOSTS, settings.SECURE_SSL_REDIRECT = ["app.test"], True
    ours, theirs = (Client().get("/app/", headers={"Host": host}) for host in ("app.test", "evil.example"))
    assert (ours.status_code, ours["Location"]) == (301, "https://app.test/app/")
    assert theirs.status_code == 400


def test_an_address_is_no_name_of_an_installation_with_tls(settings: Any, db: None) -> None:
    settings.KNOWN_HOSTS, settings.SECURE, settings.PUBLIC_URL = ["app.test"], True, "https://app.test"
    for host in ("203.0.113.7", "[2001:db8::1]", "localhost", "127.0.0.1:8000"):
        assert Client().get("/app/sign-in/", headers={"Host": host}).status_code == 400
        assert Client().get("/healthz", headers={"Host": host}).status_code == 200
    assert Client().get("/app/sign-in/", headers={"Host": "app.test"}).status_code == 200


def test_a_merchants_own_domain_is_not_given_to_preload_lists(settings: Any, own_host: str) -> None:
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_PRELOAD = 1000, True
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    theirs = Client().get("/", secure=True, headers={"Host": own_host})
    assert theirs["Strict-Transport-Security"] == "max-age=1000"
    ours = Client().get("/p/nordwind/", secure=True)
    assert ours["Strict-Transport-Security"] == "max-age=1000; includeSubDomains; preload"


def test_a_fault_of_ours_is_a_page_too(own_host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.opening.load_order", lambda *_: 1 / 0)
    answer = Client(raise_request_exception=False).get("/t/abc/", headers={"Host": own_host})
    assert answer.status_code == 500
    assert "The fault is ours" in answer.content.decode()
    assert "ZeroDivision" not in answer.content.decode()


# --- language --------------------------------------------------------------------------------------


def language_of(answer: Any) -> str:
    found = re.search(r'<html lang="(\w+)"', answer.content.decode())
    assert found
    assert answer["Content-Language"] == found[1]
    return found[1]


def test_the_link_decides_then_the_order_then_the_browser_then_the_shop(
    merchant: Merchant, client: Client
) -> None:
    german, unknown = placed(merchant, "de-AT"), placed(merchant, "fr")
    french = {"Accept-Language": "fr-FR, de;q=0.5"}
    assert language_of(client.get(path_of(german) + "?lang=en")) == "en"
    assert language_of(client.get(path_of(german) + "?lang=xx")) == "de"
    assert language_of(client.get(path_of(german), headers={"Accept-Language": "en"})) == "de"
    assert language_of(client.get(path_of(unknown), headers=french)) == "de"
    assert language_of(client.get("/p/nordwind/", headers=french)) == "de"
    assert language_of(client.get("/p/nordwind/")) == "en"
    Merchant.objects.update(locale="de")
    assert language_of(client.get("/p/nordwind/")) == "de"


def test_a_chosen_language_travels_along(order: Order, client: Client) -> None:
    html = client.get(path_of(order) + "?lang=de").content.decode()
    assert f"/p/nordwind/o/{token_of(order)}/?lang=de" in html
    assert 'href="/p/nordwind/?lang=de"' in html


# --- other people's words --------------------------------------------------------------------------


@pytest.mark.parametrize("evil", XSS)
def test_hostile_words_stay_words_wherever_they_come_from(
    merchant: Merchant, client: Client, evil: str
) -> None:
    Merchant.objects.update(
        name=evil, support_phone=evil[:40], legal_name=evil, imprint_url="https://a.test/?" + evil
    )
    hostile = placed(
        merchant, "en", number=evil[:64], email="x@example.test",
        lines=[LineIn(external_id="L1", title=evil, variant=evil, quantity=2, unit_price=Decimal(1), image_url=evil)],
        shipping_address=AddressIn(city=evil, postcode=evil[:20], country="DE", name=evil),
    )  # fmt: skip
    parcel = factories.shipment(
        merchant, hostile, carrier=evil, tracking_number=evil, tracking_url=evil, service=evil
    )
    factories.scan(
        merchant, parcel, "available_for_pickup", timezone.now(), city=evil, description=evil, region=evil
    )
    with merchant_scope(merchant):
        Shipment.objects.update(pickup_place=evil, signed_by=evil, carrier_name=evil)
    token = token_of(hostile)
    for path in (f"t/{token}/", f"o/{token}/", "", f"t/{token}/1/?lang={evil}"):
        html = client.get(f"/p/nordwind/{path}").content.decode()
        assert not [live for live in ALIVE if live in html], path
        if "7|add" in evil and path:
            assert "{{ 7|add:7 }}" in html
    with merchant_scope(merchant):
        Shipment.objects.update(status="delivered")
    assert "<script" not in client.get(f"/p/nordwind/t/{token}/").content.decode()


def test_what_was_typed_comes_back_as_text(merchant: Merchant, client: Client) -> None:
    for evil in XSS:
        html = client.post(
            "/p/nordwind/", {"order": evil, "who": evil}, REMOTE_ADDR=f"192.0.2.{len(evil)}"
        ).content.decode()
        assert "<script" not in html
        assert "<img src=x" not in html


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/static/demo/sweater.svg", "/static/demo/sweater.svg"),
        ("http://localhost:8000/static/demo/sweater.svg", "/static/demo/sweater.svg"),
        ("https://cdn.example/sweater.png", ""),
        ("//cdn.example/static/x.png", ""),
        ("/static/../p/nordwind/x.png", ""),
        ("/static/x.html", ""),
        ('/static/x.png"onerror=alert(1)', ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_only_pictures_of_our_own_host_are_shown(
    merchant: Merchant, client: Client, url: str, shown: str
) -> None:
    line = LineIn(external_id="L1", title="Sweater", quantity=1, unit_price=Decimal(1), image_url=url)
    html = client.get(path_of(placed(merchant, "en", lines=[line]))).content.decode()
    assert re.findall(r'<img src="([^"]*)"', html) == ([shown] if shown else [])
    assert ('class="blank"' in html) == (not shown)


def test_no_link_is_dead(order: Order, merchant: Merchant, client: Client) -> None:
    Merchant.objects.update(
        imprint_url="", privacy_url="", support_email="", help_url="", withdraw_url="", support_phone="",
        withdrawal_for="off",
    )  # fmt: skip
    html = client.get(path_of(order)).content.decode()
    assert not re.search(r'href="(?:#|mailto:|tel:)?"', html)
    for word in ("Imprint", "Privacy", "Help<", "Write to us", "Withdraw"):
        assert word not in html
    Merchant.objects.update(
        withdraw_url="https://nordwind.test/withdraw", help_url="https://nordwind.test/help"
    )
    html = client.get(path_of(order)).content.decode()
    assert 'href="https://nordwind.test/withdraw"' in html


def test_the_logo_is_served_once_and_changes_its_address(
    order: Order, merchant: Merchant, client: Client
) -> None:
    Merchant.objects.update(logo=PIXEL)
    html = client.get(path_of(order)).content.decode()
    path = re.search(r'<img src="(/p/nordwind/logo-\w+\.png)" alt="Nordwind"', html)
    assert path
    logo = client.get(path[1])
    assert logo.content == PIXEL
    assert logo["Content-Type"] == "image/png"
    assert "immutable" in logo["Cache-Control"]
    assert client.get("/p/nordwind/logo-0000.png").status_code == 404


def test_search_engines_are_kept_out(own_host: str, client: Client) -> None:
    assert client.get("/robots.txt", headers={"Host": own_host}).content == b"User-agent: *\nDisallow: /\n"


# --- the calendar ----------------------------------------------------------------------------------


def calendar_of(client: Client, order: Order, **query: str) -> list[str]:
    answer = client.get(path_of(order) + "delivery.ics", query)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    body = answer.content
    assert body.endswith(b"\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    return body.decode().replace("\r\n ", "").split("\r\n")


def test_a_delivery_becomes_whole_days_in_the_calendar(merchant: Merchant, client: Client) -> None:
    lines = calendar_of(client, shipped(merchant, "en"))
    first, after = timezone.now() + timedelta(days=2), timezone.now() + timedelta(days=4)
    assert f"DTSTART;VALUE=DATE:{first:%Y%m%d}" in lines
    assert f"DTEND;VALUE=DATE:{after:%Y%m%d}" in lines
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert any(line.startswith("UID:") for line in lines)
    assert any(re.fullmatch(r"DTSTAMP:\d{8}T\d{6}Z", line) for line in lines)


def test_a_narrow_window_becomes_hours_in_the_calendar(merchant: Merchant, client: Client) -> None:
    lines = calendar_of(client, SCENES["out_for_delivery"](merchant, "en"))
    assert any(re.fullmatch(r"DTSTART:\d{8}T\d{6}Z", line) for line in lines)


def test_words_in_the_calendar_are_escaped_and_folded_between_letters(
    merchant: Merchant, client: Client
) -> None:
    Merchant.objects.update(name="Süd, Nord; Ost\\West " + "ä" * 60)
    address = AddressIn(city="Ulm\r\nATTENDEE:mailto:x@evil.test", country="DE")
    lines = calendar_of(client, placed(merchant, "en", shipping_address=address))
    summary = next(line for line in lines if line.startswith("SUMMARY:"))
    assert r"Süd\, Nord\; Ost\\West " + "ä" * 60 in summary
    assert not any(line.startswith("ATTENDEE") for line in lines)


def test_what_has_no_day_has_no_calendar(merchant: Merchant, client: Client) -> None:
    order = SCENES["exception_lost"](merchant, "en")
    assert client.get(path_of(order) + "delivery.ics").status_code == 404
    assert "delivery.ics" not in client.get(path_of(order)).content.decode()


def test_the_parcels_of_an_order_are_entries_of_their_own(merchant: Merchant, client: Client) -> None:
    order = shipped(merchant, "en")
    parcel = parcel_of(merchant, order)
    assert f"UID:{parcel.id}@afterward" in calendar_of(client, order)
