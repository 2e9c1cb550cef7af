"""The pages of campaigns: written, tried on oneself, let go, held, ended; refused in words."""

from typing import Any

import pytest
from django.test import Client

from events import due
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.campaigns.models import Campaign
from tests import factories
from tests.smtp_sink import SmtpSink

URL = "/app/nordwind/messages/campaigns/"
FORM = {"name": "Autumn", "segment": "new", "per_minute": "60", "en_subject": "Autumn is here"}


def rows(merchant: Merchant) -> list[Campaign]:
    with merchant_scope(merchant):
        return list(Campaign.objects.all())


def test_one_goes_from_written_to_ended(
    merchant: Merchant, owner: Client, smtp_sink: SmtpSink, drain_all: Any
) -> None:
    factories.order(merchant)
    drain_all()
    answer = owner.post(f"{URL}make/", {**FORM, "starts_at": "2030-01-02T09:30"})
    assert answer.status_code == 302, answer.content.decode()
    [row] = rows(merchant)
    assert row.words == {"en": {"subject": "Autumn is here"}, "de": {}}
    assert row.starts_at is not None
    assert row.starts_at.isoformat() == "2030-01-02T08:30:00+00:00"  # half past nine in Berlin
    one = f"{URL}{public_id('cmp', row.pk)}/"
    owner.post(f"{one}move/", {"move": "test"})
    assert [mail.recipients for mail in smtp_sink.mails] == [["owner@nordwind.test"]] * 2
    assert "Autumn is here" in {mail.subject for mail in smtp_sink.mails}
    owner.post(f"{one}edit/", {**FORM, "name": "Winter", "starts_at": ""})
    owner.post(f"{one}move/", {"move": "schedule"})
    due.run("campaigns.plan")
    page = owner.get(one).content.decode()
    assert "0 of 1 decided" in page
    assert "Autumn" not in owner.get(URL).content.decode()
    for move, state in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        owner.post(f"{one}move/", {"move": move})
        assert rows(merchant)[0].state == state
    assert (
        "has moved on meanwhile"
        in owner.post(f"{one}move/", {"move": "resume"}, follow=True).content.decode()
    )
    assert "The campaign was ended before" in owner.get(one).content.decode()


def test_its_preview_can_do_nothing(merchant: Merchant, owner: Client) -> None:
    owner.post(f"{URL}make/", FORM)
    shown = owner.get(f"{URL}{public_id('cmp', rows(merchant)[0].pk)}/preview/?locale=de")
    assert "sandbox" in shown["Content-Security-Policy"]
    assert "Neues von Nordwind" in shown.content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "required"),
        ({"en_lead": "{% if %}"}, "cannot be"),
        ({"per_minute": "0"}, "greater than"),
        ({"segment": "x"}, "valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    merchant: Merchant, owner: Client, wrong: dict[str, Any], said: str
) -> None:
    answer = owner.post(f"{URL}make/", {**FORM, **wrong})
    assert (answer.status_code, rows(merchant)) == (422, [])
    assert said in answer.content.decode()
