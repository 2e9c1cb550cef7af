"""Flows: a run goes step by step, waits, wakes, branches, splits, sends and ends; each step once, whatever happens."""

import threading
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from events.models import Fact
from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_scope
from notifications.conditions import Condition, Op
from notifications.consent import commands as consent
from notifications.consent.choices import Basis
from notifications.consent.commands import Said
from notifications.consent.rules import Rules, set_rules
from notifications.flows import commands, engine
from notifications.flows.definition import (
    AnyStep,
    Branch,
    Definition,
    Send,
    Split,
    Stop,
    Until,
    Wait,
    faults,
    goes_on,
    sendable,
)
from notifications.flows.models import Flow, FlowRun, FlowStep, FlowVersion
from notifications.flows.templates import TEMPLATES
from notifications.models import Message
from notifications.sending import send_due
from orders import commands as orders
from tests import factories
from tests.smtp_sink import SmtpSink

Later = Callable[[timedelta], None]
HELLO, SILENT = "order_delayed", "shipment_silent"


def of(*steps: AnyStep, trigger: tuple[str, ...] = ("order.placed",), **fields: Any) -> Definition:
    return Definition(trigger=trigger, steps=steps, **fields)


def flow(merchant: Merchant, *steps: AnyStep, **fields: Any) -> Flow:
    made = commands.create(merchant, "Hello", of(*steps, **fields))
    return commands.switch(merchant, made.id, True)


@pytest.fixture
def work(drain_all: Callable[[], int]) -> Callable[[], None]:
    """Everything that workers do, until nothing is due."""

    def run() -> None:
        for _ in range(3):
            drain_all()
            while engine.step_due():
                pass
            while send_due():
                pass

    return run


def story(merchant: Merchant) -> list[tuple[str, str]]:
    """The runs' logs: step and outcome, in order."""
    with merchant_scope(merchant):
        return list(FlowStep.objects.order_by("run__started_at", "number").values_list("step", "outcome"))


def test_a_run_waits_sends_and_can_be_read_step_by_step(
    merchant: Merchant, work: Any, later: Later, smtp_sink: SmtpSink
) -> None:
    flow(merchant, Wait(id="rest", days=2, at=time(10)), Send(id="hello", touchpoint=HELLO))
    order = factories.order(merchant)
    work()
    assert story(merchant) == [("rest", "waits")]
    smtp_sink.mails.clear()
    later(timedelta(days=3))
    work()
    work()
    assert story(merchant) == [("rest", "waits"), ("hello", "planned")]
    assert [mail.recipients for mail in smtp_sink.mails] == [[order.email]]
    with merchant_scope(merchant):
        run = FlowRun.objects.get()
        message = Message.objects.get(touchpoint=HELLO)
        assert (run.state, run.step, run.due_at) == ("finished", "end", None)
        assert message.plan["run"] == str(run.id)
        [sent] = FlowStep.objects.filter(kind="send")
        assert sent.detail == {"messages": [str(message.id)]}
        assert set(Fact.objects.filter(type__startswith="flow.").values_list("type", flat=True)) == {
            "flow.started", "flow.finished",
        }  # fmt: skip


@pytest.mark.parametrize("arrives", [True, False])
def test_a_wait_ends_with_the_fact_or_with_the_time(
    merchant: Merchant, work: Any, later: Later, arrives: bool
) -> None:
    flow(
        merchant, Until(id="arrival", facts=("shipment.delivered",), days=10, timed_out="tell"),
        Stop(id="fine"), Send(id="tell", touchpoint=HELLO),
    )  # fmt: skip
    parcel = factories.shipment(merchant, factories.order(merchant))
    work()
    assert story(merchant) == [("arrival", "waits")]
    if arrives:
        factories.scan(merchant, parcel, "delivered", timezone.now())
    else:
        later(timedelta(days=10, minutes=1))
    work()
    assert story(merchant)[1:] == (
        [("arrival", "happened"), ("fine", "ends")]
        if arrives
        else [("arrival", "timed_out"), ("tell", "planned")]
    )


def test_what_happened_before_the_wait_began_counts(merchant: Merchant, work: Any, later: Later) -> None:
    flow(merchant, Wait(id="rest", days=1), Until(id="arrival", facts=("shipment.delivered",), days=10))
    parcel = factories.shipment(merchant, factories.order(merchant))
    work()
    factories.scan(merchant, parcel, "delivered", timezone.now())
    work()
    later(timedelta(days=2))
    work()
    assert story(merchant) == [("rest", "waits"), ("arrival", "happened")]


def test_another_order_of_the_same_customer_ends_a_win_back(
    merchant: Merchant, work: Any, later: Later
) -> None:
    flow(
        merchant, Wait(id="away", days=90), Send(id="miss", touchpoint=HELLO),
        once="customer", stop_on=("ordered_again",),
    )  # fmt: skip
    factories.order(merchant, email="anna@example.test")
    factories.order(merchant, email="bert@example.test")
    work()
    later(timedelta(days=30))
    factories.order(merchant, email="anna@example.test")
    work()
    later(timedelta(days=61))
    work()
    with merchant_scope(merchant):
        assert sorted(FlowRun.objects.values_list("state", "reason")) == [
            ("finished", ""), ("stopped", "ordered_again"),
        ]  # fmt: skip
        assert [m.recipient for m in Message.objects.filter(touchpoint=HELLO)] == ["bert@example.test"]


def test_a_cancelled_order_ends_its_run_and_nothing_is_sent(
    merchant: Merchant, work: Any, later: Later
) -> None:
    flow(merchant, Wait(id="rest", days=1), Send(id="hello", touchpoint=HELLO))
    order = factories.order(merchant)
    work()
    orders.cancel_order(merchant, order.id)
    later(timedelta(days=2))
    work()
    with merchant_scope(merchant):
        run = FlowRun.objects.get()
        assert (run.state, run.reason) == ("stopped", "order_cancelled")
        assert not Message.objects.filter(touchpoint=HELLO).exists()


def test_a_branch_says_what_it_found(merchant: Merchant, work: Any) -> None:
    flow(
        merchant,
        Branch(id="german", conditions=(Condition("country", Op.IS, ("AT",)),), otherwise="other"),
        Stop(id="austrian"), Send(id="other", touchpoint=HELLO),
    )  # fmt: skip
    factories.order(merchant)
    work()
    assert story(merchant) == [("german", "no"), ("other", "planned")]
    with merchant_scope(merchant):
        [found] = FlowStep.objects.get(step="german").detail["conditions"]
    assert (found["found"], found["holds"]) == ("DE", False)


def test_a_split_sends_each_shopper_the_same_way_and_keeps_its_share() -> None:
    from uuid import uuid4

    step, owner = Split(id="half", percent=30), uuid4()
    shoppers = [uuid4() for _ in range(2000)]
    on = [goes_on(step, owner, each) for each in shoppers]
    assert on == [goes_on(step, owner, each) for each in shoppers]
    assert 0.26 < sum(on) / len(on) < 0.34
    assert on != [goes_on(Split(id="other", percent=30), owner, each) for each in shoppers]


def test_facts_that_are_read_again_start_nothing_twice(merchant: Merchant, work: Any) -> None:
    made = flow(merchant, Wait(id="rest", days=1), trigger=("shipment.delivered", "shipment.shipped"))
    order = factories.order(merchant, quantity=2)
    for _ in range(2):
        factories.shipment(merchant, order, quantity=1)
    work()
    with merchant_scope(merchant):
        assert FlowRun.objects.filter(flow=made).count() == 1
        assert Fact.objects.filter(type="flow.started").count() == 1


def test_a_run_finishes_on_its_own_version(merchant: Merchant, work: Any, later: Later) -> None:
    made = flow(merchant, Wait(id="rest", days=1), Send(id="hello", touchpoint=HELLO))
    factories.order(merchant)
    work()
    commands.save(merchant, made.id, "Hello", of(Wait(id="rest", days=50)), based_on=1)
    with pytest.raises(Conflict):
        commands.save(merchant, made.id, "Mine", of(Wait(id="rest", days=9)), based_on=1)
    later(timedelta(days=2))
    factories.order(merchant)
    work()
    with merchant_scope(merchant):
        assert sorted(FlowRun.objects.values_list("version__number", "state")) == [
            (1, "finished"), (2, "running"),
        ]  # fmt: skip
        assert FlowVersion.objects.count() == 2


def test_a_flow_in_use_is_deleted_only_when_its_runs_may_be_stopped(merchant: Merchant, work: Any) -> None:
    made = flow(merchant, Wait(id="rest", days=1))
    factories.order(merchant)
    work()
    with pytest.raises(Conflict) as refused:
        commands.delete(merchant, made.id)
    assert refused.value.code == "flow_in_use"
    with merchant_scope(merchant):
        assert Flow.objects.get().deleted_at is None
        assert AuditEntry.objects.filter(action="flow.deleted").count() == 0
    assert commands.delete(merchant, made.id, stop_runs=True) == 1
    with merchant_scope(merchant):
        assert FlowRun.objects.get().reason == "flow_deleted"
    factories.order(merchant)
    work()
    with merchant_scope(merchant):
        assert FlowRun.objects.count() == 1


def test_a_flow_that_is_off_starts_nothing(merchant: Merchant, work: Any) -> None:
    commands.create(merchant, "Off", of(Wait(id="rest", days=1)))
    factories.order(merchant)
    work()
    assert story(merchant) == []


WAIT = Wait(id="a", days=1)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (Definition(steps=(WAIT,)), [("", "trigger", "no_trigger")]), (of(), [("", "steps", "no_steps")]),
        (of(WAIT, trigger=("message.sent",)), [("", "trigger", "unknown_fact")]),
        (of(WAIT, WAIT), [("", "steps", "step_twice")]), (of(Wait(id="a")), [("a", "length", "invalid_length")]),
        (of(Wait(id="a", days=400)), [("a", "length", "invalid_length")]),
        (of(Until(id="a", days=1)), [("a", "facts", "no_facts")]),
        (of(WAIT, Split(id="b", otherwise="a")), [("b", "goes_to", "not_below")]),
        (of(Split(id="b", percent=0)), [("b", "percent", "invalid_percent")]),
        (of(Branch(id="b")), [("b", "conditions", "no_conditions")]),
        (of(Send(id="s", touchpoint="no_such")), [("s", "touchpoint", "unknown_touchpoint")]),
        (of(Send(id="s", touchpoint="care_guide")), [("s", "touchpoint", "unknown_touchpoint")]),
        (of(Send(id="s", touchpoint=HELLO, channels=("pigeon",))), [("s", "channels", "no_channel")]),
        (of(WAIT, stop_on=("no.such",)), [("", "stop_on", "unknown_fact")]),
        (of(Wait(id="a", at=time(10)), Branch(id="b", conditions=(Condition("country", Op.IS, ("DE",)),))), []),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_step_and_field(
    merchant: Merchant, definition: Definition, expected: list[tuple[str, str, str]]
) -> None:
    assert [(each.step, each.field, each.code) for each in faults(definition)] == expected
    if expected:
        with pytest.raises(Unprocessable):
            commands.create(merchant, "Wrong", definition)
        with merchant_scope(merchant):
            assert not Flow.objects.exists()


@pytest.mark.parametrize("key", TEMPLATES)
def test_every_template_can_be_used(merchant: Merchant, key: str) -> None:
    made = commands.create_from_template(merchant, key, "From a template")
    assert commands.switch(merchant, made.id, True).is_on


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_take_each_step_once(
    merchant: Merchant, drain_all: Callable[[], int], smtp_sink: SmtpSink
) -> None:
    flow(
        merchant, Split(id="all", percent=99, otherwise="one"), Send(id="one", touchpoint=HELLO),
        Send(id="two", touchpoint=SILENT),
    )  # fmt: skip
    for _ in range(15):
        factories.order(merchant)
    drain_all()
    start, failures = threading.Barrier(4), []

    def work() -> None:
        try:
            start.wait(5)
            while engine.step_due():
                pass
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    with merchant_scope(merchant):
        assert set(FlowRun.objects.values_list("state", "steps_taken")) == {("finished", 3)}
        assert FlowStep.objects.count() == 45
        assert Message.objects.filter(touchpoint=SILENT).count() == 15
        assert Message.objects.filter(touchpoint=HELLO).count() == 15


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_claim_changes_nothing(
    merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    from datetime import timedelta as span

    from events import due

    flow(merchant, Send(id="hello", touchpoint=HELLO))
    factories.order(merchant)
    drain_all()
    [slow] = due.claim(FlowRun, limit=1, lease=engine.LEASE, related=("version__flow",))
    with merchant_scope(merchant):
        FlowRun.objects.update(due_at=timezone.now() - span(seconds=1))  # its lease ran out
    assert engine.step_due() == 1
    with merchant_scope(merchant):
        assert engine._step(merchant, slow) is False
        assert FlowStep.objects.count() == 1
        assert Message.objects.filter(touchpoint=HELLO).count() == 1


def test_the_log_is_read_with_a_fixed_number_of_queries(
    merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    from events.facts import RecordedFact
    from notifications.flows.reader import run_flows

    flow(merchant, Wait(id="rest", days=1), conditions=(Condition("first_order", Op.IS, ("yes",)),))
    counts = []
    for count in (1, 30):
        placed = [factories.order(merchant) for _ in range(count)]
        with merchant_scope(merchant):
            facts = [
                RecordedFact(
                    position=n + 1, type="order.placed", merchant_id=merchant.id, order_id=order.id,
                    data={"order_id": str(order.id), "external_id": "x", "number": "1", "total": "1",
                          "currency": "EUR"},
                    recorded_at=timezone.now(),
                )
                for n, order in enumerate(placed)
            ]  # fmt: skip
            with django_assert_max_num_queries(8) as queries:
                run_flows(merchant, facts)
            counts.append(len(queries))
            assert FlowRun.objects.filter(order__in=placed).count() == count
    assert counts[1] - counts[0] <= 1  # the runs that are there now are locked


def test_the_api_reads_flows_and_every_step_of_a_run(api: Any, merchant: Merchant, work: Any) -> None:
    made = flow(merchant, Send(id="hello", touchpoint=HELLO), Wait(id="rest", days=1))
    order = factories.order(merchant)
    work()
    flow_id = public_id("flow", made.id)
    [listed] = api.get("flows").json()["data"]
    assert (listed["id"], listed["is_on"], listed["version"]) == (flow_id, True, 1)
    assert [each["kind"] for each in api.get(f"flows/{flow_id}").json()["definition"]["steps"]] == [
        "send",
        "wait",
    ]
    [run] = api.get(f"flows/{flow_id}/runs?state=running").json()["data"]
    assert (run["order_id"], run["step"]) == (public_id("ord", order.id), "end")
    read = api.get(f"flows/{flow_id}/runs/{run['id']}").json()
    assert [(each["step"], each["outcome"]) for each in read["steps"]] == [
        ("hello", "planned"),
        ("rest", "waits"),
    ]
    assert read["steps"][0]["detail"]["message_ids"][0].startswith("msg_")
    assert api.get(f"flows/{flow_id}/runs?state=lost").status_code == 400
    assert api.get(f"flows/{public_id('flow', order.id)}/runs").status_code == 404


def test_whatever_a_flow_may_send_can_be_filled_for_an_order(
    merchant: Merchant, work: Any, smtp_sink: SmtpSink
) -> None:
    flow(merchant, *(Send(id=key, touchpoint=key) for key in sendable()))
    page = "https://nordwind.test/{answer}"
    set_rules(merchant, Rules(review_url=page, survey_url=page))
    order = factories.order(merchant)
    consent.give(merchant, "email", order.email, "", Said("checkout"), basis=Basis.DOUBLE_OPT_IN)
    factories.shipment(merchant, order)
    work()
    with merchant_scope(merchant):
        sent = list(Message.objects.filter(plan__has_key="run"))
    assert {message.touchpoint for message in sent} == set(sendable())
    assert {message.reason for message in sent} <= {"", "overtaken"}
    assert {message.error for message in sent} == {""}
