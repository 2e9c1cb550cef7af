"""What the team reads about webhooks: states, what went wrong, groups of events."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard import words
from dashboard.fact_words import FACTS
from dashboard.words import Label
from events.facts import known_types
from webhooks.bodies import TEST_TYPE
from webhooks.models import DeliveryState, Endpoint, EndpointState

STATES: dict[str, Label] = {
    DeliveryState.PENDING: Label(gettext_lazy("Waiting"), "info"),
    DeliveryState.DELIVERED: Label(gettext_lazy("Delivered"), "ok"),
    DeliveryState.FAILED: Label(gettext_lazy("Failed"), "bad"),
}
_REASONS: dict[str, Promise] = {
    "timeout": gettext_lazy("No answer within 10 seconds"),
    "no_connection": gettext_lazy("No connection"),
    "refused": gettext_lazy("Not sent: we do not call this address"),
    "endpoint_disabled": gettext_lazy("Not sent: the endpoint was switched off"),
    "internal_error": gettext_lazy("A fault on our side"),
}
_GROUPS: dict[str, Promise] = {
    "order": gettext_lazy("Orders"),
    "shipment": gettext_lazy("Parcels"),
    "watch": gettext_lazy("Watch-list"),
    "message": gettext_lazy("Messages"),
    "flow": gettext_lazy("Flows"),
    "product": gettext_lazy("Products"),
}


def state_of(endpoint: Endpoint) -> Label:
    """How an endpoint does, in a word."""
    if endpoint.state == EndpointState.DISABLED:
        return Label(_("Switched off"), "bad")
    if endpoint.state == EndpointState.PAUSED:
        return Label(_("Paused"), "quiet")
    if endpoint.failing_since:
        return Label(_("Failing"), "warn")
    return Label(_("Active"), "ok")


def reason(code: str) -> str:
    """What went wrong at a try."""
    if code.startswith("http_"):
        return _("Answered %(status)s") % {"status": code.removeprefix("http_")}
    return str(_REASONS.get(code, code))


def event(type_: str) -> str:
    """An event in words."""
    if type_ == TEST_TYPE:
        return _("Test event")
    return str(words.label(FACTS, type_).text)


def grouped_types() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every type of event under its heading: what is about orders and parcels first."""
    groups: dict[str, list[tuple[str, str]]] = {str(text): [] for text in _GROUPS.values()}
    other: list[tuple[str, str]] = []
    for type_ in known_types():
        heading = _GROUPS.get(type_.split(".")[0])
        (groups[str(heading)] if heading else other).append((type_, event(type_)))
    found: list[Any] = [(heading, types) for heading, types in groups.items() if types]
    return [*found, (_("Other"), other)] if other else found
