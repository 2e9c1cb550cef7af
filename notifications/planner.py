"""What a fact makes planned: pure, so that the same code plans live and in a dry run.

A fact, the settings of a touchpoint and what is known about the order go in; messages with their moments and reasons
come out. Nothing is read, nothing is written, and the time comes in from outside.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final
from uuid import UUID

from events.facts import FactData, RecordedFact
from merchants.models import Merchant
from notifications import clocks, conditions, planning
from notifications.choices import TOOLS, Channel, Reach
from notifications.conditions import Condition, Context
from notifications.models import Message
from notifications.reasons import Reason
from notifications.switches import Switch, as_built, facts_of
from notifications.touchpoints import TOUCHPOINTS, Touchpoint
from orders.models import Customer, Order

# What we learned so long ago is not told any more: the worker stood still. Counted from when the fact was recorded and
# not from when it happened, for a shop's or carrier's clock may be wrong, and who imports history says `notify: false`
# (docs/decisions/0006).
TOLD_WITHIN: Final = timedelta(hours=48)
# A clock that is further off than this is not believed: then the delay counts from when we learned of it.
_BELIEVED: Final = timedelta(days=30)


@dataclass(frozen=True)
class Subject:
    """Who it is about, what conditions are held against, and whether a device asked to be told about the order."""

    order: Order
    context: Context
    has_device: bool = False


@dataclass(frozen=True)
class Planned:
    """One message that is to be, by one channel.

    due_at: when (UTC), None when it is skipped from the start. plan: why and how, as it is kept in the message.
    """

    touchpoint: Touchpoint
    order: Order
    channel: Channel
    moment: str
    shipment_id: UUID | None
    due_at: datetime | None
    skip: Reason | None
    plan: Mapping[str, Any]
    fact: RecordedFact


def set_off(fact_type: str, switches: Mapping[str, Switch]) -> list[tuple[Touchpoint, Switch]]:
    """The touchpoints that this type of fact sets off, as the merchant sends them.

    One that is off is among them, so that the log can say so, unless it never was on: nobody waits for that.
    """
    return [
        (TOUCHPOINTS[key], switch)
        for key, switch in switches.items()
        if fact_type in facts_of(key, switch) and (switch.is_on or TOUCHPOINTS[key].starts_on)
    ]


def needs(switches: Sequence[Switch]) -> frozenset[conditions.Needs]:
    """What has to be loaded to plan with these."""
    return conditions.needs([each for switch in switches if switch.is_on for each in switch.conditions])


def plan_fact(
    merchant: Merchant,
    touchpoint: Touchpoint,
    switch: Switch,
    fact: RecordedFact,
    subject: Subject,
    *,
    now: datetime,
    has_sms: bool,
) -> list[Planned]:
    """The messages that a fact makes planned, one a channel; each either due or skipped with its reason.

    now: the time of planning (UTC). has_sms: whether text messages can be sent from here. Live conditions are not
    decided here, but when the message goes out (`recheck`): they are only noted.
    """
    payload = fact.payload()
    if fact.type in touchpoint.facts and not touchpoint.wants(payload):
        return []
    shipment_id: UUID | None = getattr(payload, "shipment_id", None)
    zone = clocks.zone_of(merchant, subject.order.country, subject.order.postcode)
    due_at = max(now, clocks.moment(_happened(payload, fact, now, switch), switch.delay, switch.at, zone))
    settled = [each for each in switch.conditions if not each.is_live]
    found = conditions.explain(settled, subject.context.of_parcel(shipment_id))
    skip = Reason.TOO_OLD if now - fact.recorded_at > TOLD_WITHIN else None
    if not switch.is_on:
        skip = Reason.SWITCHED_OFF
    elif skip is None and not all(each.holds for each in found):
        skip = Reason.CONDITION
    plan = _plan(switch, found, zone)
    moment = moment_of(touchpoint, fact, payload, merchant)
    return [
        Planned(
            touchpoint, subject.order, channel, moment, shipment_id,
            None if why else due_at, why, {**plan, **({"then": list(then)} if then else {})}, fact,
        )
        for channel, why, then in _by_channel(
            merchant, touchpoint, switch, subject.order, skip, has_sms=has_sms, has_device=subject.has_device
        )
    ]  # fmt: skip


def row(merchant: Merchant, planned: Planned) -> Message:
    """The message, unsaved."""
    message = planning.plan(
        merchant, planned.order, planned.touchpoint, planned.channel,
        moment=planned.moment, shipment_id=planned.shipment_id, skip=planned.skip,
    )  # fmt: skip
    message.fact_position, message.fact_type = planned.fact.position, planned.fact.type
    message.due_at, message.plan = planned.due_at, dict(planned.plan)
    return message


def plan_step(
    merchant: Merchant,
    order: Order,
    touchpoint: Touchpoint,
    channels: Sequence[str],
    reach: Reach,
    *,
    moment: str,
    shipment_id: UUID | None,
    plan: Mapping[str, Any],
    has_device: bool,
) -> list[Message]:
    """The messages, unsaved, of a flow's step: by these channels in their order (none: the touchpoint's), due now."""
    how = replace(as_built(touchpoint.key), is_on=True, reach=reach)
    how = replace(how, channels=tuple(channels)) if channels else how
    found = []
    for channel, why, then in _by_channel(
        merchant, touchpoint, how, order, None, has_sms=planning.has_sms(), has_device=has_device
    ):
        if why == Reason.SWITCHED_OFF:
            continue  # Not one of the step's.
        message = planning.plan(
            merchant, order, touchpoint, channel, moment=moment, shipment_id=shipment_id, skip=why
        )
        message.plan = {**plan, **({"then": list(then)} if then else {})}
        found.append(message)
    return found


def plan_for_customer(
    merchant: Merchant,
    customer: Customer,
    touchpoint: Touchpoint,
    switch: Switch,
    *,
    moment: str,
    data: Mapping[str, Any],
) -> list[Message]:
    """The messages, unsaved, to a customer that are about no order: by the switch's channels, due now."""
    found = []
    for channel, why, then in _by_channel(
        merchant, touchpoint, switch, customer, None, has_sms=planning.has_sms(), has_device=False
    ):
        if why == Reason.SWITCHED_OFF:
            continue
        message = planning.plan_for_customer(
            merchant, customer, touchpoint, channel, moment=moment, data=data, skip=why
        )
        message.plan = {"then": list(then)} if then else {}
        found.append(message)
    return found


def moment_of(touchpoint: Touchpoint, fact: RecordedFact, payload: FactData, merchant: Merchant) -> str:
    """What makes it a new moment. Set off by a fact of the merchant's choice, it is told once an order or parcel."""
    return touchpoint.moment(payload, merchant) if fact.type in touchpoint.facts else ""


def _happened(payload: FactData, fact: RecordedFact, now: datetime, switch: Switch) -> datetime:
    """From when the delay counts: what is told at once is due now, anything else after it happened."""
    if not switch.delay and switch.at is None:
        return now
    at = getattr(payload, "at", None)
    if isinstance(at, datetime) and fact.recorded_at - _BELIEVED < at <= fact.recorded_at:
        return at
    return fact.recorded_at


def _plan(switch: Switch, found: Sequence[conditions.Explained], zone: tzinfo) -> dict[str, Any]:
    """What a message keeps of why and how it was planned. Nothing for one that is sent as it was built."""
    plan: dict[str, Any] = {}
    if switch.version:
        plan["version"] = switch.version
    if found:
        plan["conditions"] = [each.as_json() for each in found]
    if live := [each for each in switch.conditions if each.is_live]:
        plan["live"] = [as_json(each) for each in live]
    if switch.at is not None:
        plan["at"], plan["zone"] = switch.at.isoformat("minutes"), str(zone)
    if switch.remind_days:
        plan["remind_days"] = switch.remind_days
    return plan


def as_json(condition: Condition) -> dict[str, Any]:
    """A condition, to be kept."""
    return {"field": condition.field, "op": condition.op.value, "values": list(condition.values)}


def _by_channel(
    merchant: Merchant,
    touchpoint: Touchpoint,
    switch: Switch,
    about: Order | Customer,
    skip: Reason | None,
    *,
    has_sms: bool,
    has_device: bool,
) -> Iterator[tuple[Channel, Reason | None, Sequence[str]]]:
    """The channels it goes by, each with why it does not, and which are tried after it."""
    if switch.reach == Reach.ALL:
        for channel in touchpoint.possible:
            why = cannot(merchant, about, channel, has_sms=has_sms, has_device=has_device)
            if channel in (Channel.SMS, Channel.PUSH) and why and why != Reason.NO_COUNTRY:
                continue  # Nobody expects what they did not ask for: there is nothing to explain.
            if channel in TOOLS and channel not in switch.channels:
                continue  # Nor that a tool which the shop did not choose is handed anything.
            yield channel, (skip or why) if channel in switch.channels else Reason.SWITCHED_OFF, ()
        return
    order_of = [Channel(each) for each in switch.channels if each in touchpoint.possible]
    for place, channel in enumerate(order_of):
        why = cannot(merchant, about, channel, has_sms=has_sms, has_device=has_device)
        if why is None or place == len(order_of) - 1:
            yield channel, skip or why, () if skip or why else order_of[place + 1 :]
            return


def cannot(
    merchant: Merchant, about: Order | Customer, channel: Channel, *, has_sms: bool, has_device: bool
) -> Reason | None:
    """Why the shopper cannot be reached by a channel, as far as the order or customer tells. None when they can."""
    if channel == Channel.PUSH:
        return None if has_device else Reason.NO_DEVICE
    if channel == Channel.SMS:
        if not has_sms:
            return Reason.CHANNEL_OFF
        if not (isinstance(about, Order) and about.sms_consent):
            return Reason.NO_CONSENT
    if channel in TOOLS and channel not in merchant.marketing_tools:
        return Reason.CHANNEL_OFF
    return planning.nowhere(about, channel)


def live_conditions(plan: Mapping[str, Any]) -> list[Condition]:
    """The conditions of a planned message that are decided when it goes out."""
    return read_conditions(plan.get("live", ()))


def read_conditions(rows: Collection[Mapping[str, Any]]) -> list[Condition]:
    """Conditions as they were kept."""
    return [Condition(each["field"], conditions.Op(each["op"]), tuple(each["values"])) for each in rows]
