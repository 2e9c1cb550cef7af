"""The set-up list, whose steps know themselves whether they are done, and the test order."""

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.setup import checklist_of, open_checklist
from events import due
from merchants.commands import change_merchant
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.auth import create_api_key, revoke_api_key
from merchants.scope import merchant_scope
from notifications import tasks as _declares_due_work  # noqa: F401
from notifications.models import Message, MessageState
from orders.models import Order
from tests import factories
from tests.smtp_sink import SmtpSink
from tracking import trial
from tracking.asking import set_account
from tracking.models import Shipment

PAGE = "/app/nordwind/settings/setup/"
TRIAL = "/app/nordwind/settings/trial/"


def done(merchant: Merchant) -> list[str]:
    with merchant_scope(merchant):
        return [step.key for step in checklist_of(merchant).steps if step.is_done]


def test_each_step_is_done_by_what_is_really_there(merchant: Merchant) -> None:
    assert done(merchant) == []
    change_merchant(merchant, "settings.brand", corner_radius=0)
    assert done(merchant) == ["brand"]
    key, _secret = create_api_key(merchant, name="Backend")
    assert done(merchant) == ["brand", "shop"]
    revoke_api_key(key)
    assert done(merchant) == ["brand"]
    set_account(merchant, "dhl", {"api_key": "x"})
    change_merchant(merchant, "settings.sender", sender_email="hallo@nordwind.test")
    assert done(merchant) == ["brand", "carrier", "sender"]
    trial.begin(merchant, email="clara@nordwind.test")
    order = factories.order(merchant)
    with merchant_scope(merchant):
        own = Order.objects.get(source="trial")
        for which, state in ((own, MessageState.SENT), (order, MessageState.FAILED)):
            Message.objects.create(
                merchant=merchant, order=which, touchpoint="order_confirmation", channel="email",
                state=state, planned_at=timezone.now(), locale="en", once_key=which.pk.bytes,
            )  # fmt: skip
    assert done(merchant) == ["brand", "carrier", "sender", "trial"]  # a test order's mail is not a real one
    with merchant_scope(merchant):
        Message.objects.filter(order=order).update(state=MessageState.SENT)
    assert done(merchant)[-1] == "message"


def test_a_strangers_deeds_do_not_count(merchant: Merchant, stranger: Merchant) -> None:
    create_api_key(stranger, name="Theirs")
    set_account(stranger, "dhl", {"api_key": "x"})
    trial.begin(stranger, email="clara@sudwind.test")
    assert done(merchant) == []


def test_the_list_is_one_query(merchant: Merchant) -> None:
    with merchant_scope(merchant), CaptureQueriesContext(connection) as queries:
        checklist_of(merchant)
    assert len(queries) == 1


def test_the_page_leads_to_every_step_and_can_be_put_away(merchant: Merchant, owner: Client) -> None:
    page = owner.get(PAGE).content.decode()
    for key in ("brand", "keys", "trial"):
        assert f'href="/app/nordwind/settings/{key}/"' in page
    assert "0 of 6 done" in page
    owner.post(PAGE + "hide/")
    merchant.refresh_from_db()
    with merchant_scope(merchant):
        assert open_checklist(merchant) is None
    owner.post(PAGE + "hide/", {"show": "1"})
    merchant.refresh_from_db()
    with merchant_scope(merchant):
        assert open_checklist(merchant) is not None


@pytest.mark.django_db(transaction=True)
def test_a_test_order_goes_the_whole_way_with_real_mails(
    merchant: Merchant, owner: Client, smtp_sink: SmtpSink, drain_all: Callable[[], int]
) -> None:
    assert owner.post(TRIAL).status_code == 302
    with merchant_scope(merchant):
        order = Order.objects.get()
    assert (order.source, order.email) == ("trial", "owner@nordwind.test")
    step_url = f"{TRIAL}{public_id('ord', order.pk)}/"
    seen = []
    for _press in range(5):
        drain_all()
        due.run("notifications.send")
        page = owner.get(TRIAL).content.decode()
        seen.append(page.count("is-done"))
        owner.post(step_url)
    assert seen == [1, 2, 3, 4, 5]
    assert "It arrived." in owner.get(TRIAL).content.decode()
    drain_all()
    due.run("notifications.send")
    subjects = [mail.subject for mail in smtp_sink.mails]
    assert len(subjects) == 4, subjects
    assert {mail.header("To") for mail in smtp_sink.mails} == {"owner@nordwind.test"}
    with merchant_scope(merchant):
        assert Shipment.objects.get().status == "delivered"
        order.refresh_from_db()
        assert order.stage == "delivered"


def test_another_shops_test_order_and_ordinary_orders_are_not_moved(
    merchant: Merchant, stranger: Merchant, owner: Client
) -> None:
    theirs = trial.begin(stranger, email="clara@sudwind.test")
    ordinary = factories.order(merchant).pk
    for order_id in (theirs, ordinary):
        assert owner.post(f"{TRIAL}{public_id('ord', order_id)}/").status_code == 404
    with merchant_scope(stranger):
        assert not Shipment.objects.exists()
    with merchant_scope(merchant):
        assert not Shipment.objects.exists()


def test_a_fragment_is_only_what_moves(merchant: Merchant, owner: Client) -> None:
    owner.post(TRIAL)
    fragment = owner.get(
        TRIAL, headers={"HX-Request": "true", "HX-Target": json.dumps("moving")}
    ).content.decode()
    assert "<html" not in fragment
    assert 'id="moving"' in fragment
