"""Flows out of the box: a start to be changed. One whose messages there are none of is not offered."""

from dataclasses import dataclass
from datetime import time
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.conditions import Condition, Op
from notifications.flows.definition import (
    ORDERED_AGAIN,
    Branch,
    Definition,
    Send,
    Stop,
    Until,
    Wait,
    sendable,
)

_MORNING: Final = time(10)


@dataclass(frozen=True)
class Template:
    """A flow to begin with."""

    name: Promise
    lead: Promise
    definition: Definition


_ALL: Final = {
    "review": Template(
        _("Review with a reminder"),
        _("Asks for a review a week after delivery, and once more when the first message was not opened."),
        Definition(
            trigger=("shipment.delivered",),
            conditions=(Condition("refunded", Op.IS, ("no",)),),
            stop_on=("return.requested", "case.opened", "claim.opened"),
            steps=(
                Wait(id="rest", days=7, at=_MORNING),
                Send(id="ask", touchpoint="review_request"),
                Wait(id="patience", days=5, at=_MORNING),
                Branch(
                    id="unread", conditions=(Condition("last_message", Op.IS_NOT, ("opened", "clicked")),)
                ),
                Send(id="remind", touchpoint="review_request"),
            ),
        ),
    ),
    "win_back": Template(
        _("Win back"),
        _("Writes to shoppers who have not ordered again after three months, and once more a month later."),
        Definition(
            trigger=("shipment.delivered",),
            once="customer",
            stop_on=(ORDERED_AGAIN,),
            steps=(
                Wait(id="away", days=90, at=_MORNING),
                Send(id="miss", touchpoint="win_back"),
                Wait(id="month", days=30, at=_MORNING),
                Send(id="last", touchpoint="win_back"),
            ),
        ),
    ),
    "late_parcel": Template(
        _("Parcel that stands still"),
        _("Says so when a shipped parcel was not delivered within ten days."),
        Definition(
            trigger=("shipment.shipped",),
            stop_on=("shipment.delivered", "shipment.returning"),
            steps=(
                Until(id="arrival", facts=("shipment.delivered",), days=10, timed_out="tell"),
                Stop(id="arrived"),
                Send(id="tell", touchpoint="shipment_silent"),
            ),
        ),
    ),
}


def _is_there(template: Template) -> bool:
    sends = [step for step in template.definition.steps if isinstance(step, Send)]
    return all(step.touchpoint in sendable() for step in sends)


TEMPLATES: Final = {key: template for key, template in _ALL.items() if _is_there(template)}
