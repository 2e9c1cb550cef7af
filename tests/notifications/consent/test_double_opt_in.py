"""Double opt-in, and the basis that a sale makes: each step is noted, and nothing happens by looking."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.consent import commands
from notifications.consent.commands import Said
from notifications.consent.models import ConsentEntry
from notifications.consent.queries import may_send
from notifications.consent.rules import Rules, set_rules
from notifications.consent.standing import Grant
from notifications.reasons import Reason
from orders.models import Order
from tests import factories
from tests.api_client import ApiClient
from tests.smtp_sink import SmtpSink

Work = Callable[[], Any]
ASKED = {"channel": "email", "address": "New@example.test", "topic": "offers", "state": "requested",
         "basis": "double_opt_in", "wording": "Yes, send me offers.", "ip": "203.0.113.9"}  # fmt: skip


def basis(merchant: Merchant, address: str = "new@example.test") -> str:
    with merchant_scope(merchant):
        found = may_send("marketing", "offers", "email", address, "DE", timezone.now())
    return found.basis if isinstance(found, Grant) else found


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "May we write to you?"), ("de", "Dürfen wir Ihnen schreiben?")]
)
def test_a_request_mails_a_link_and_only_its_button_confirms(
    api: ApiClient, merchant: Merchant, send_all: Work, smtp_sink: SmtpSink, locale: str, words: str
) -> None:
    assert api.post("consents", {**ASKED, "locale": locale}).status_code == 201
    send_all()
    [mail] = smtp_sink.mails
    assert mail.recipients == ["new@example.test"]
    assert words in mail.text
    assert not mail.header("List-Unsubscribe")  # it is no advertising, and there is nothing to end
    [path] = set(re.findall(r"/p/nordwind/c/[^/]+/", mail.text))
    page = Client().get(path)
    assert page.status_code == 200
    assert "Yes, send me offers." in page.content.decode()
    assert basis(merchant) == Reason.UNCONFIRMED
    done = Client().post(path, REMOTE_ADDR="198.51.100.7")
    assert done.status_code == 200
    assert basis(merchant) == "double_opt_in"
    Client().post(path)
    with merchant_scope(merchant):
        asked, given = ConsentEntry.objects.order_by("recorded_at", "id")
    assert (asked.state, given.state, given.request_id) == ("requested", "given", asked.pk)
    assert bytes(asked.ip_digest or b"") == commands.ip_digest("203.0.113.9")
    assert bytes(given.ip_digest or b"") == commands.ip_digest("198.51.100.7")
    assert given.wording == asked.wording == "Yes, send me offers."


def test_a_form_on_the_internet_fills_nobodys_mailbox(
    api: ApiClient, merchant: Merchant, send_all: Work, smtp_sink: SmtpSink
) -> None:
    answers = [api.post("consents", ASKED).status_code for _ in range(5)]
    assert answers == [201, 201, 201, 429, 429]
    send_all()
    assert len(smtp_sink.mails) == 3
    with merchant_scope(merchant):
        assert ConsentEntry.objects.count() == 3


def test_a_request_whose_address_was_erased_opens_nothing(
    api: ApiClient, merchant: Merchant, send_all: Work, smtp_sink: SmtpSink
) -> None:
    api.post("consents", ASKED)
    send_all()
    [path] = set(re.findall(r"/p/nordwind/c/[^/]+/", smtp_sink.mails[0].text))
    commands.erase(merchant, "new@example.test")
    assert Client().get(path).status_code == Client().post(path).status_code == 404
    with merchant_scope(merchant):
        assert ConsentEntry.objects.count() == 1


def test_a_sale_counts_from_when_the_checkout_says_so_and_once(
    merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    before = factories.order(merchant, email="before@example.test")
    drain_all()
    set_rules(merchant, replace(Rules(), notice="We write about similar goods; you can object at any time."))
    after = factories.order(merchant, email="after@example.test", placed_at=timezone.now())
    drain_all()
    assert basis(merchant, before.email) == "no_basis"
    assert basis(merchant, after.email) == "existing_customer"
    with merchant_scope(merchant):
        [entry] = ConsentEntry.objects.all()
        assert (entry.source, entry.wording_version, entry.country) == ("checkout", "1", "DE")
        assert entry.proof["order"] == Order.objects.get(pk=after.pk).number
    commands.object_to(merchant, "email", after.email, "", Said("phone"))
    factories.order(merchant, email=after.email, placed_at=timezone.now())
    drain_all()
    assert basis(merchant, after.email) == Reason.UNSUBSCRIBED
