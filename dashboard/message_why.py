"""Why a message was sent or was not, in words; and what a person said about being written to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard import words
from dashboard.words import Label
from notifications.classes import rules_of
from notifications.consent.choices import Basis, ConsentState, Topic
from notifications.consent.queries import history_of
from notifications.lawful import message_topic
from notifications.models import Message
from notifications.reasons import Reason

_STATES: dict[str, str] = {
    ConsentState.REQUESTED: "warn", ConsentState.GIVEN: "ok", ConsentState.WITHDRAWN: "bad",
    ConsentState.OBJECTED: "bad",
}  # fmt: skip
_SOURCES: dict[str, Promise] = {
    "one_click": gettext_lazy("with one click in the mail program"),
    "unsubscribe_page": gettext_lazy("on the page to unsubscribe"),
    "preference_centre": gettext_lazy("in the preference centre"),
    "double_opt_in": gettext_lazy("from the mailbox"),
    "checkout": gettext_lazy("at the checkout"),
    "api": gettext_lazy("by your shop"),
    "sms_stop": gettext_lazy("by answering STOP"),
}

# On these it was found that there is none. Of all else the basis is kept once it goes out.
_WITHOUT_BASIS = (Reason.NO_BASIS, Reason.NO_CONSENT, Reason.UNCONFIRMED, Reason.UNSUBSCRIBED)


@dataclass(frozen=True)
class Why:
    """What the page of a message shows of its planning."""

    basis: Any
    rule: str = ""
    topic: Any = ""
    version: int = 0
    conditions: list[dict[str, Any]] = field(default_factory=list)


def why_of(message: Message) -> Why:
    """Basis, version and conditions, as they were kept when it was planned and sent."""
    kept = message.plan.get("basis", {})
    topic = message_topic(message)
    basis: Any = Basis.NOT_NEEDED.label
    if rules_of(message.message_class).asks_consent:
        basis = Basis(kept["basis"]).label if kept else _("None") if message.reason in _WITHOUT_BASIS else ""
    return Why(
        basis=basis,
        rule=kept.get("rule", ""),
        topic=Topic(topic).label if topic else "",
        version=message.plan.get("version", 0),
        conditions=[_condition(row) for row in message.plan.get("conditions", ())],
    )


def consent_rows(addresses: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Everything that a person said about being written to, newest first: one query."""
    return [
        {
            "topic": Topic(row.topic).label if row.topic else _("Everything"),
            "state": Label(ConsentState(row.state).label, _STATES[row.state]),
            "channel": words.CHANNELS.get(row.channel, row.channel),
            "basis": Basis(row.basis).label if row.basis else "",
            "source": _SOURCES.get(row.source, row.source),
            "at": row.occurred_at,
        }
        for row in reversed(history_of(addresses))
    ]


def _condition(row: dict[str, Any]) -> dict[str, Any]:
    holds = bool(row.get("holds"))
    return {
        "words": f"{row.get('field', '')} {row.get('op', '')} {', '.join(map(str, row.get('values', ())))}",
        "found": str(row.get("found", "")),
        "state": Label(_("Met") if holds else _("Not met"), "ok" if holds else "warn"),
    }
