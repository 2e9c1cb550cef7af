"""A merchant's own host: only its owner can have it, and only a verified one shows the portal."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from merchants import domains, http
from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant, PortalDomain
from merchants.scope import merchant_scope
from portal import middleware
from tests.name_server import NameServer

PAGE = "/app/nordwind/settings/domains/"
HOST = "track.nordwind.test"


@pytest.fixture(autouse=True)
def around(settings: Any) -> None:
    settings.PUBLIC_URL = "https://post.afterward.test"
    settings.KNOWN_HOSTS = ["post.afterward.test", "testserver"]
    middleware._merchant_of.cache_clear()


def claim(merchant: Merchant, host: str = HOST) -> PortalDomain:
    return domains.add_domain(merchant, host)


def own(server: NameServer, domain: PortalDomain) -> None:
    """Make the two records."""
    server.records[f"_afterward.{domain.host}", "TXT"] = ["something else", f"afterward={domain.token}"]
    server.records[domain.host, "CNAME"] = ["post.afterward.test."]


def portal_at(host: str) -> int:
    middleware._merchant_of.cache_clear()
    return Client(headers={"Host": host}).get("/").status_code


def test_a_host_is_added_with_its_records_checked_and_then_shows_the_portal(
    merchant: Merchant, owner: Client, name_server: NameServer
) -> None:
    owner.post(PAGE, {"host": "https://Track.Nordwind.test/"})
    domain = PortalDomain.objects.get()
    assert domain.host == HOST
    page = owner.get(PAGE).content.decode()
    for words in (
        f"_afterward.{HOST}",
        f"afterward={domain.token}",
        "post.afterward.test",
        "Waits for its records",
    ):
        assert words in page
    check = f"{PAGE}{public_id('dom', domain.id)}/check/"
    assert "TXT record is not there yet" in owner.post(check, follow=True).content.decode()
    assert portal_at(HOST) == 400
    own(name_server, domain)
    page = owner.post(check, follow=True).content.decode()
    assert "is verified and shows your portal" in page
    assert portal_at(HOST) == 200
    domain.refresh_from_db()
    assert domain.verified_at is not None
    assert domain.checked_at is not None
    with merchant_scope(merchant):
        actions = list(AuditEntry.objects.order_by("occurred_at").values_list("action", flat=True))
    assert actions == ["domain.added", "domain.verified"]


def test_an_address_record_to_the_same_server_does_as_well(
    merchant: Merchant, name_server: NameServer
) -> None:
    domain = claim(merchant)
    own(name_server, domain)
    del name_server.records[HOST, "CNAME"]
    name_server.records["post.afterward.test", "A"] = ["192.0.2.10"]
    name_server.records[HOST, "A"] = ["192.0.2.99"]
    assert domains.check_domain(domain).problem == "not_pointing"
    assert domain.seen == "192.0.2.99"
    name_server.records[HOST, "A"] = ["192.0.2.10"]
    assert domains.check_domain(domain).verified_at is not None


@pytest.mark.parametrize("how", ["silent", "broken"])
def test_name_servers_that_do_not_answer_change_nothing_but_what_is_said(
    merchant: Merchant, name_server: NameServer, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("merchants.dns._SECONDS", 0.4)
    domain = claim(merchant)
    own(name_server, domain)
    domains.check_domain(domain)
    verified = domain.verified_at
    setattr(name_server, how, True)
    assert domains.check_domain(domain).problem == "no_answer"
    domain.refresh_from_db()
    assert domain.verified_at == verified
    assert portal_at(HOST) == 200


def test_records_that_are_gone_are_said_and_the_host_goes_on(
    merchant: Merchant, owner: Client, name_server: NameServer
) -> None:
    domain = claim(merchant)
    own(name_server, domain)
    domains.check_domain(domain)
    name_server.records.clear()
    domains.check_domain(domain)
    assert "Verified, but failing now" in owner.get(PAGE).content.decode()
    assert portal_at(HOST) == 200


def test_nobody_takes_a_host_whose_owner_can_prove_it_even_if_it_points_here(
    merchant: Merchant, stranger: Merchant, name_server: NameServer
) -> None:
    domain = claim(merchant)
    own(name_server, domain)
    domains.check_domain(domain)
    rival = claim(stranger)  # A claim alone is nothing.
    assert domains.check_domain(rival).problem == "txt_other"
    assert rival.verified_at is None
    # Both proofs in DNS: the one that was first keeps it.
    name_server.records[f"_afterward.{HOST}", "TXT"].append(f"afterward={rival.token}")
    assert domains.check_domain(rival).problem == "taken"
    assert PortalDomain.objects.get(pk=domain.pk).verified_at is not None
    # The name was sold: its new owner proves it, the old one cannot any more.
    name_server.records[f"_afterward.{HOST}", "TXT"] = [f"afterward={rival.token}"]
    assert domains.check_domain(rival).verified_at is not None
    assert PortalDomain.objects.get(pk=domain.pk).verified_at is None
    with merchant_scope(merchant):
        assert AuditEntry.objects.filter(action="domain.lost").count() == 1


def test_an_unproven_claim_stands_in_nobodys_way(
    merchant: Merchant, stranger: Merchant, name_server: NameServer
) -> None:
    claim(stranger)
    domain = claim(merchant)
    own(name_server, domain)
    assert domains.check_domain(domain).verified_at is not None


@pytest.mark.parametrize(
    "host",
    [
        "", "nordwind", "localhost", "shop.localhost", "10.0.0.1", "[::1]", "-a.shop.test", "a..shop.test", "a b.test",
        "x" * 64 + ".test", "*.nordwind.test", "post.afterward.test", "afterward.test", "x.post.afterward.test",
        "printer.local", "user@shop.test", "track.shop.test:8000", "ä" * 300 + ".test",
    ],
)  # fmt: skip
def test_what_is_no_host_of_a_merchants_is_refused(merchant: Merchant, owner: Client, host: str) -> None:
    answer = owner.post(PAGE, {"host": host})
    assert answer.status_code == 422
    assert 'id="id_host_error"' in answer.content.decode()
    assert not PortalDomain.objects.exists()


def test_a_name_with_umlauts_is_stored_as_dns_writes_it(merchant: Merchant) -> None:
    assert claim(merchant, "sendung.südwind.test").host == "sendung.xn--sdwind-3ya.test"


def test_the_same_host_twice_and_too_many_are_refused(merchant: Merchant, owner: Client) -> None:
    claim(merchant)
    assert owner.post(PAGE, {"host": HOST}).status_code == 422
    for number in range(4):
        claim(merchant, f"t{number}.nordwind.test")
    assert owner.post(PAGE, {"host": "one.more.test"}).status_code == 422


def test_a_removed_host_shows_nothing(merchant: Merchant, owner: Client, name_server: NameServer) -> None:
    domain = claim(merchant)
    own(name_server, domain)
    domains.check_domain(domain)
    url = f"{PAGE}{public_id('dom', domain.id)}/remove/"
    assert "Remove track.nordwind.test?" in owner.get(url).content.decode()
    owner.post(url)
    assert portal_at(HOST) == 400


def test_another_shops_host_is_neither_checked_nor_removed(
    merchant: Merchant, stranger: Merchant, desk: Callable[..., Client], name_server: NameServer
) -> None:
    domain = claim(merchant)
    client = desk(stranger)
    base = f"/app/sudwind/settings/domains/{public_id('dom', domain.id)}/"
    assert client.post(base + "check/").status_code == 404
    assert client.post(base + "remove/").status_code == 404
    assert name_server.asked == []
    assert PortalDomain.objects.get().checked_at is None


def test_a_proxy_is_told_which_hosts_get_a_certificate(merchant: Merchant, name_server: NameServer) -> None:
    def asked(host: str) -> int:
        return Client(headers={"Host": "web:8000"}).get("/tls-allowed", {"domain": host}).status_code

    domain = claim(merchant)
    assert asked(HOST) == 404
    own(name_server, domain)
    domains.check_domain(domain)
    assert (asked(HOST), asked(HOST.upper()), asked("post.afterward.test")) == (200, 200, 200)
    assert (asked("evil.test"), asked(""), asked("x" * 9999)) == (404, 404, 404)


def test_dns_is_never_asked_inside_a_transaction(
    merchant: Merchant, name_server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("merchants.dns.in_transaction", lambda: True)
    assert http.in_transaction() is False
    with pytest.raises(RuntimeError, match="No DNS inside"):
        domains.check_domain(claim(merchant))
    assert name_server.asked == []
