"""B11: flows as a list that is read and changed without JavaScript, and their runs step by step."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from merchants import commands as merchants
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.conditions import Condition, Op
from notifications.flows import commands, engine
from notifications.flows.definition import Branch, Definition, Send, Until, Wait, read
from notifications.flows.models import Flow, FlowRun, FlowVersion
from tests import factories

URL = "/app/nordwind/settings/flows/"
STEPS = (
    Wait(id="rest", days=2),
    Branch(id="german", conditions=(Condition("country", Op.IS, ("DE",)),), otherwise="end"),
    Send(id="hello", touchpoint="order_delayed"),
)


@pytest.fixture
def desk(merchant: Merchant) -> Client:
    client = Client()
    member = merchants.add_member(merchant, email="m@nordwind.test", password="x" * 12, role="manager")
    client.force_login(member.user)
    return client


@pytest.fixture
def page(merchant: Merchant) -> str:
    made = commands.create(merchant, "Hello", Definition(trigger=("order.placed",), steps=STEPS))
    return f"{URL}{public_id('flow', made.id)}/"


def form(**changes: Any) -> dict[str, Any]:
    """The editor of the flow above, as a browser posts it."""
    return {
        "based_on": "1", "name": "Hello", "trigger": ["order.placed"], "once": "order",
        "step": ["rest", "german", "hello"], "rest-kind": "wait", "rest-days": "2", "rest-hours": "0",
        "german-kind": "branch", "german-field": ["country", ""], "german-op": ["is", "is"],
        "german-values": ["DE", ""], "german-goes_to": "end", "hello-kind": "send",
        "hello-touchpoint": "order_delayed", "hello-reach": "first", "do": "save", **changes,
    }  # fmt: skip


def steps(merchant: Merchant) -> list[str]:
    with merchant_scope(merchant):
        newest = FlowVersion.objects.order_by("-number").first()
        assert newest is not None
        return [step.id for step in read(newest.definition).steps]


def test_a_flow_begins_with_a_template_and_is_switched_on(
    desk: Client, merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    answer = desk.post(URL, {"template": "late_parcel"})
    made = answer["Location"]
    shown = unescape(desk.get(made).content.decode())
    assert "Wait until: Parcel delivered; at most 10 days. When the time is up: step 3" in shown
    desk.post(made + "switch/", {"on": "1"})
    with merchant_scope(merchant):
        assert Flow.objects.get().is_on
    for _ in range(5):
        desk.post(URL, {"template": ""})
    with django_assert_max_num_queries(10):
        assert unescape(desk.get(URL).content.decode()).count('class="cover"') == 6


def test_steps_are_read_moved_added_and_deleted_and_only_saving_saves(
    desk: Client, merchant: Merchant, page: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(16):
        shown = unescape(desk.get(page).content.decode())
    for sentence in ("Wait 2 days", "If Country of delivery: Germany. Otherwise: the end", "Send: "):
        assert sentence in shown
    for do, expected in (
        ("up:german", ["german", "rest", "hello"]), ("down:rest", ["german", "rest", "hello"]),
        ("delete:rest", ["german", "hello"]), ("add", ["rest", "german", "hello", "s1"]),
    ):  # fmt: skip
        moved = unescape(desk.post(page, form(do=do, add_kind="split")).content.decode())
        found = [part.split('"')[0] for part in moved.split('name="step" value="')[1:]]
        assert found == expected
        assert "Not saved yet." in moved
    assert steps(merchant) == ["rest", "german", "hello"]
    changed = form(step=["german", "hello", "s1"], **{"s1-kind": "wait", "s1-days": "3", "s1-at": "10:00"})
    assert desk.post(page, changed).status_code == 302
    assert steps(merchant) == ["german", "hello", "s1"]
    versions = unescape(desk.get(page).content.decode())
    assert "<del>1. Wait 2 days</del>" in versions
    assert "<ins>3. Wait 3 days, until 10:00 of the shopper’s day</ins>" in versions
    assert desk.post(page, form(name="Late")).status_code == 409


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "A flow needs a name."), ({"trigger": []}, "Choose what starts it."),
        ({"rest-days": "soon"}, "At least an hour, at most a year"),
        ({"german-goes_to": "rest"}, "It can only go further down"),
        ({"german-values": ["", ""]}, "Write at least one value."), ({"german-field": ["", ""]}, "needs a condition"),
        ({"hello-touchpoint": ""}, "Choose a message that there is."), ({"step": []}, "at least one step"),
        ({"rest-at": "noonish"}, "Write a time such as 10:00."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_at_its_field_and_kept_as_typed(
    desk: Client, merchant: Merchant, page: str, changes: dict[str, Any], sentence: str
) -> None:
    answer = desk.post(page, form(**changes))
    assert answer.status_code == 422
    assert sentence in unescape(answer.content.decode())
    with merchant_scope(merchant):
        assert FlowVersion.objects.count() == 1


def test_a_run_can_be_read_step_by_step_and_stopped(
    desk: Client, merchant: Merchant, drain_all: Callable[[], int], django_assert_max_num_queries: Any
) -> None:
    made = commands.create(
        merchant, "Hello",
        Definition(
            trigger=("order.placed",),
            steps=(*STEPS[1:], Until(id="arrival", facts=("shipment.delivered",), days=10)),
        ),
    )  # fmt: skip
    commands.switch(merchant, made.id, True)
    order = factories.order(merchant)
    drain_all()
    while engine.step_due():
        pass
    with merchant_scope(merchant):
        run = FlowRun.objects.get()
    runs = f"{URL}{public_id('flow', made.id)}/runs/"
    assert order.number in desk.get(runs).content.decode()
    assert order.number not in desk.get(runs + "?state=stopped").content.decode()
    one = f"{runs}{public_id('run', run.id)}/"
    with django_assert_max_num_queries(14):
        shown = unescape(desk.get(one).content.decode())
    for sentence in (
        "Started by: Order placed", "Country of delivery: Germany – met", "found: Germany", "The message was planned.",
        "Waits for: Parcel delivered",
    ):  # fmt: skip
        assert sentence in shown
    assert "<strong>" in shown
    desk.post(one + "stop/")
    assert "Somebody of the team stopped it." in desk.get(one).content.decode()
    assert desk.get(f"{runs}{public_id('run', order.id)}/").status_code == 404


def test_a_flow_is_deleted_after_saying_what_ends_with_it(
    desk: Client, merchant: Merchant, page: str, drain_all: Callable[[], int]
) -> None:
    desk.post(page + "switch/", {"on": "1"})
    factories.order(merchant)
    drain_all()
    assert "end with it: 1" in desk.get(page + "delete/").content.decode()
    assert desk.post(page + "delete/").status_code == 302
    assert desk.get(page).status_code == 404
    with merchant_scope(merchant):
        assert FlowRun.objects.get().reason == "flow_deleted"
