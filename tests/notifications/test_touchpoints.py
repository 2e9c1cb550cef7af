"""The list of touchpoints, its templates and the carriers' vocabulary fit together."""

from notifications.models import Channel
from notifications.rendering.catalog import TOUCHPOINTS as RENDERED
from notifications.rendering.catalog import VARIANTS
from notifications.switches import triggers
from notifications.touchpoints import BY_FACT, TOUCHPOINTS
from tracking.statuses import PROBLEM, SUBSTATUSES, Status


def test_every_touchpoint_has_words_and_every_template_a_touchpoint() -> None:
    assert set(TOUCHPOINTS) == set(RENDERED)


def test_every_trigger_is_a_fact_that_may_be_one() -> None:
    assert set(BY_FACT) <= set(triggers())
    assert all(Channel.EMAIL in touchpoint.channels for touchpoint in TOUCHPOINTS.values())


def test_every_kind_of_problem_has_words_of_its_own() -> None:
    known = VARIANTS["shipment_exception"]
    told = {*PROBLEM, Status.AVAILABLE_FOR_PICKUP} - {Status.EXCEPTION}
    assert {str(status) for status in told} <= set(known)
    assert {code for code, row in SUBSTATUSES.items() if row.status == Status.EXCEPTION} <= set(known)
    assert {code for code in known if "." in code} <= set(SUBSTATUSES)
