"""Parcels with a problem, each kind that has words of its own; and what shoppers report."""

from collections.abc import Iterator
from functools import partial

from cases import commands as cases
from cases.models import CaseKind, Side
from cases.steps import Report
from demo.journey.scene import MUGS, NEXT, Call, Scene, Story
from tracking.statuses import Status


def _problem(status: Status, substatus: str, description: str, scene: Scene) -> Iterator[Call]:
    scene.place(MUGS)
    scene.ship()
    scene.scan(Status.IN_TRANSIT, "transit.departure")
    yield NEXT
    scene.scan(status, substatus, description)
    yield NEXT


def asks_for_help(scene: Scene) -> Iterator[Call]:
    """Something is broken; the team answers, and asks afterwards how that was."""
    scene.hears_of("survey_support")
    yield from scene.receives(MUGS)
    text = scene.says(
        "The handle of one mug came off when I unpacked it.",
        "Bei einem Becher war der Henkel schon beim Auspacken ab.",
    )
    case = cases.open_case(scene.merchant, scene.order.id, scene.parcel.id, Report(CaseKind.DAMAGED, text))
    yield NEXT
    answer = scene.says(
        "We’re sorry! A new one leaves our warehouse today. Please keep the old one.",
        "Das tut uns leid! Ein neuer geht heute noch an Sie raus. Den alten behalten Sie bitte.",
    )
    cases.answer(scene.merchant, case.id, answer)
    yield NEXT
    cases.close(scene.merchant, case.id, side=Side.TEAM)
    yield Call("survey_support")


PROBLEMS: tuple[Story, ...] = (
    partial(_problem, Status.EXCEPTION, "exception.address", "Address incomplete"),
    partial(_problem, Status.EXCEPTION, "exception.payment_due", "Duties are to be paid"),
    partial(_problem, Status.ATTEMPT_FAILED, "", "Nobody was at home"),
    partial(_problem, Status.AVAILABLE_FOR_PICKUP, "", "At the pick-up point"),
    partial(_problem, Status.RETURNING, "", "On its way back to the sender"),
)
STORIES: tuple[Story, ...] = (*PROBLEMS, asks_for_help)
