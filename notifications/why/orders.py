"""Why touchpoints did not fire for an order. JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from events.models import Cursor, Fact
from merchants.models import Merchant
from notifications import planner, planning
from notifications.models import Message
from notifications.push.queries import hosts_by_order
from notifications.switches import Switch, all_switches, facts_of
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Order

NOT_FIRED: dict[str, str | Promise] = {
    "by_hand": _("No fact sets it off: a person, a flow or its own clock sends it."),
    "not_happened": _("What sets it off has not happened to this order."),
    "off": _("Your shop does not send it, and never did."),
    "history": _("It was told as history: nobody is written to about the past."),
    "not_read": _("It happened a moment ago, and is not planned yet."),
    "no_way": _("By no channel that your shop uses could the shopper be reached."),
    "not_then": _("When it happened, the settings were not those of now."),
}


def not_fired(merchant: Merchant, order: Order, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Every touchpoint that planned nothing for this order of the open scope, and why: four statements."""
    told = {message.touchpoint for message in messages}
    has_device = bool(hosts_by_order(merchant, [order.pk]))
    facts = list(Fact.objects.filter(order_id=order.pk).order_by("position"))
    cursor = Cursor.objects.filter(subscriber="notifications.plan", shard=merchant.shard).first()
    switches = all_switches()
    found = []
    for key, switch in switches.items():
        if key in told:
            continue
        code, fact = _why(
            merchant, key, switch, order, facts, cursor.position if cursor else 0, has_device=has_device
        )
        found.append(
            {
                "touchpoint": key,
                "code": code,
                "why": str(NOT_FIRED[code]),
                "waits_for": list(facts_of(key, switch)),
                "is_on": switch.is_on,
                "version": switch.version,
                "fact": {"position": fact.position, "type": fact.type} if fact else None,
            }
        )
    return found


def _why(
    merchant: Merchant,
    key: str,
    switch: Switch,
    order: Order,
    facts: Sequence[Fact],
    read_to: int,
    *,
    has_device: bool,
) -> tuple[str, Fact | None]:
    types = facts_of(key, switch)
    if not types:
        return "by_hand", None
    fact = next((each for each in reversed(facts) if each.type in types), None)
    if fact is None:
        return "not_happened", None
    if not switch.is_on and not TOUCHPOINTS[key].starts_on:
        return "off", fact
    if fact.data.get("notify", True) is False:
        return "history", fact
    if fact.position > read_to:
        return "not_read", fact
    ways = [channel for channel in TOUCHPOINTS[key].possible if channel in switch.channels]
    reached = [
        way for way in ways
        if planner.cannot(merchant, order, way, has_sms=planning.has_sms(), has_device=has_device) is None
    ]  # fmt: skip
    return ("not_then" if reached else "no_way"), fact


def explain_order(order: Order) -> Mapping[str, Any]:
    """The order in a line."""
    return {
        "number": order.number, "external_id": order.external_id, "status": order.status, "stage": order.stage,
        "placed_at": order.placed_at.isoformat(), "email": order.email, "locale": order.locale,
        "country": order.country,
    }  # fmt: skip
