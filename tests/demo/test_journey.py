"""Every message that there is can be seen in the demo's log, in both languages, as it was really sent."""

from analytics.lift.models import LiftShopper
from demo import seed
from demo.journey import tell_stories
from merchants.scope import merchant_scope
from notifications.choices import Channel
from notifications.dry_run.jobs import run_due
from notifications.dry_run.models import DryRun
from notifications.flows.models import FlowRun, RunState
from notifications.holdout import is_held_out
from notifications.models import Message, MessageState
from notifications.rendering.catalog import LOCALES
from notifications.touchpoints import TOUCHPOINTS


def test_every_message_that_there_is_was_sent_in_both_languages_and_can_be_measured(db: None) -> None:
    merchant = seed.make_merchant()
    seed.fill(merchant, orders=40)
    seed.keep_customers(merchant)
    tell_stories(merchant)
    with merchant_scope(merchant):
        _is_everything_in_the_log()
        _have_flows_run()
        _are_requests_for_a_review_measured()
        _have_dry_runs_found_something()
        seed.forget_merchant(merchant)
        assert not Message.objects.exists()


def _is_everything_in_the_log() -> None:
    sent = Message.objects.filter(state=MessageState.SENT, channel=Channel.EMAIL)
    found = {(m.touchpoint, m.locale[:2]) for m in sent.only("touchpoint", "locale")}
    wanted = {(key, locale) for key in TOUCHPOINTS for locale in LOCALES}
    wanted.remove(("withdrawal_notice", "en"))  # to the shop, in the shop's language
    assert wanted - found == set()
    assert max(len(html.encode()) for html in sent.values_list("html", flat=True)) < 60_000
    assert not sent.filter(text="").exists()


def _have_flows_run() -> None:
    runs = FlowRun.objects.exclude(steps_taken=0)
    assert set(runs.values_list("state", flat=True)) == set(RunState.values)
    assert "stopped_by_team" in set(runs.values_list("reason", flat=True))


def _are_requests_for_a_review_measured() -> None:
    people = list(LiftShopper.objects.filter(touchpoint="review_request").select_related("customer"))
    assert people
    assert all(one.is_held_out == is_held_out(one.touchpoint, one.customer, one.percent) for one in people)
    held_out = Message.objects.filter(touchpoint="review_request", reason="holdout").values("customer")
    assert {one.customer_id for one in people if one.is_held_out} == {row["customer"] for row in held_out}


def _have_dry_runs_found_something() -> None:
    while run_due():
        pass
    assert not DryRun.objects.filter(result=None).exists()
    result = DryRun.objects.get(touchpoint="shipment_exception").result
    assert result["would_send"]
    assert result["was"]["sent"]
