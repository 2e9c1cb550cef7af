"""Who messages are from: saved, tried with a real mail, and checked in DNS."""

import re
from typing import Any

import pytest
from django.test import Client

from dashboard.setup import checklist_of
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from tests.name_server import NameServer
from tests.smtp_sink import SmtpSink

PAGE = "/app/nordwind/settings/sender/"
FORM = {
    "sender_name": "Nordwind Kundendienst",
    "sender_email": "post@nordwind.test",
    "reply_to": "hilfe@nordwind.test",
}


@pytest.mark.django_db(transaction=True)
def test_a_test_mail_arrives_as_shoppers_would_get_it(
    merchant: Merchant, owner: Client, smtp_sink: SmtpSink
) -> None:
    assert owner.post(PAGE, FORM).status_code == 302
    page = owner.post(PAGE + "test/", follow=True).content.decode()
    assert "The mail server took it." in page
    [mail] = smtp_sink.mails
    assert mail.header("From") == "Nordwind Kundendienst <post@nordwind.test>"
    assert mail.header("Reply-To") == "hilfe@nordwind.test"
    assert mail.header("To") == "owner@nordwind.test"
    assert mail.message_id.endswith("@nordwind.test>")
    with merchant_scope(merchant):
        assert set(AuditEntry.objects.values_list("action", flat=True)) == {
            "settings.sender",
            "sender.tested",
        }
        assert [step.key for step in checklist_of(merchant).steps if step.is_done] == ["sender"]


@pytest.mark.django_db(transaction=True)
def test_what_the_mail_server_says_against_it_is_shown_and_counts_as_nothing(
    merchant: Merchant, owner: Client, smtp_sink: SmtpSink
) -> None:
    smtp_sink.refuse(550)
    page = owner.post(PAGE + "test/", follow=True).content.decode()
    assert "did not take it" in page
    assert "550" in page
    with merchant_scope(merchant):
        assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_tests_are_few(merchant: Merchant, owner: Client, smtp_sink: SmtpSink) -> None:
    for _ in range(7):
        page = owner.post(PAGE + "test/", follow=True).content.decode()
    assert len(smtp_sink.mails) == 5
    assert "very often" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sender_email", "nobody"),
        ("sender_email", "a@b.test, c@d.test"),
        ("reply_to", "x@"),
        ("sender_name", "Nord\u2028wind"),
        ("sender_name", "x" * 121),
    ],
)
def test_what_is_no_sender_is_refused_at_its_field(
    merchant: Merchant, owner: Client, field: str, value: str
) -> None:
    answer = owner.post(PAGE, {**FORM, field: value})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    merchant.refresh_from_db()
    assert merchant.sender_email == ""


def records(owner: Client, **form: str) -> dict[str, str]:
    """What the check says of each record."""
    page = owner.post(PAGE + "check/", form).content.decode()
    found = re.findall(r"<dt>(\w+) <span class=\"chip is-\w+\">([^<]+)", page)
    return dict(found)


def test_the_records_of_the_domain_are_judged(
    merchant: Merchant, owner: Client, name_server: NameServer
) -> None:
    owner.post(PAGE, FORM)
    assert records(owner) == {"SPF": "Missing", "DMARC": "Missing"}
    name_server.records["nordwind.test", "TXT"] = [
        "google-site-verification=1",
        "v=spf1 include:mail.test ~all",
    ]
    name_server.records["_dmarc.nordwind.test", "TXT"] = ["v=DMARC1; p=none"]
    name_server.records["s1._domainkey.nordwind.test", "TXT"] = ["v=DKIM1; k=rsa; p=MIIBIjANBg"]
    assert records(owner, selector="s1") == {"SPF": "Found", "DKIM": "Found", "DMARC": "Found"}
    # Two SPF records are none, and a key that was revoked is empty.
    name_server.records["nordwind.test", "TXT"].append("v=spf1 -all")
    name_server.records["s1._domainkey.nordwind.test", "TXT"] = ["v=DKIM1; p="]
    assert records(owner, selector="s1") == {"SPF": "Not right", "DKIM": "Not right", "DMARC": "Found"}
    name_server.broken = True
    assert records(owner) == {"SPF": "No answer", "DMARC": "No answer"}


@pytest.mark.parametrize("selector", ["a b", "../x", "s1;", "_" * 64, "s1."])
def test_a_selector_that_is_none_asks_nobody(
    merchant: Merchant, owner: Client, name_server: NameServer, selector: Any
) -> None:
    answer = owner.post(PAGE + "check/", {"selector": selector})
    assert answer.status_code == 422
    assert 'id="id_selector_error"' in answer.content.decode()
    assert name_server.asked == []
