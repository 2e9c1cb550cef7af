"""How a merchant sends a touchpoint: on or off, when, on which conditions, by which channels; kept as versions.

The newest version counts for what happens from now on. What is planned already carries what it was planned with.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Final

import msgspec
from django.db import IntegrityError
from django.utils import timezone

from events.facts import known_types
from merchants.audit import current_actor, differences, record_change
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_transaction
from notifications import conditions
from notifications.choices import TOOLS, Channel, Reach
from notifications.conditions import Condition
from notifications.holdout import MOST_PERCENT
from notifications.models import TouchpointVersion
from notifications.touchpoints import TOUCHPOINTS

LONGEST_DELAY: Final = timedelta(days=365)
LONGEST_REMINDER: Final = 90
# Facts that are about an order: what can set off a message about one.
_TRIGGERS: Final = (
    "order.",
    "shipment.",
    "case.",
    "return.",
    "refund.",
    "exchange.",
    "credit.given",
    "withdrawal.",
    "claim.",
)
_NO_TRIGGERS: Final = ("order.deleted",)


@dataclass(frozen=True)
class Switch:
    """How a touchpoint goes out.

    trigger: types of facts; empty for the touchpoint's own. at: a time of the shopper's day. channels: in the order in
    which they are tried. reach: over all of them, or over the first that the shopper can be reached by.
    remind_days: once more so many days after it was sent, unless it was opened, clicked or acted upon; 0: never.
    holdout: percent of shoppers who never get it (`holdout`), None for the installation's share of its class.
    """

    is_on: bool = True
    channels: tuple[str, ...] = tuple(each.value for each in Channel if each not in TOOLS)
    delay: timedelta = timedelta()
    at: time | None = None
    trigger: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    reach: Reach = Reach.ALL
    remind_days: int = 0
    holdout: int | None = None
    version: int = 0

    def sends(self, channel: str) -> bool:
        """Whether messages of this channel go out."""
        return self.is_on and channel in self.channels

    @property
    def has_own_moment(self) -> bool:
        """Whether it goes out at the moment that it was made for: the shop wants it, and chose no fact instead."""
        return self.is_on and not self.trigger


def triggers() -> list[str]:
    """Types of facts that can set off a message, sorted."""
    return [each for each in known_types() if each.startswith(_TRIGGERS) and each not in _NO_TRIGGERS]


def as_built(touchpoint: str) -> Switch:
    """How a touchpoint goes out in a shop that said nothing about it."""
    return _BUILT.get(touchpoint) or Switch()


def _built(key: str) -> Switch:
    known = TOUCHPOINTS[key]
    return Switch(
        is_on=known.starts_on,
        channels=tuple(str(channel) for channel in known.channels),
        delay=known.delay,
        at=known.at,
        conditions=known.conditions,
        reach=known.reach,
        remind_days=known.remind_days,
    )


_BUILT: Final = {key: _built(key) for key in TOUCHPOINTS}


def switches(touchpoints: Iterable[str]) -> Mapping[str, Switch]:
    """How the open scope's merchant sends these touchpoints: one query. All of them are in the answer."""
    wanted = set(touchpoints)
    rows = TouchpointVersion.objects.filter(touchpoint__in=wanted, is_current=True)
    found = {row.touchpoint: switch_of(row) for row in rows}
    return {key: found.get(key) or as_built(key) for key in wanted}


def all_switches() -> Mapping[str, Switch]:
    """How the open scope's merchant sends every touchpoint: one query."""
    return switches(TOUCHPOINTS)


def facts_of(touchpoint: str, switch: Switch) -> tuple[str, ...]:
    """The types of facts that set it off."""
    return switch.trigger or TOUCHPOINTS[touchpoint].facts


def switch_of(row: TouchpointVersion) -> Switch:
    """A version as it was saved."""
    return msgspec.convert({**row.settings, "version": row.number}, Switch)


def settings_of(switch: Switch) -> dict[str, Any]:
    """As a version keeps it."""
    found: dict[str, Any] = msgspec.to_builtins(switch)
    del found["version"]
    return found


def set_switch(
    merchant: Merchant, touchpoint: str, switch: Switch, *, based_on: int | None = None
) -> TouchpointVersion | None:
    """Send a touchpoint this way from now on: a new version, or None when nothing differs.

    What is planned already keeps its moment, and is decided again when it goes out. based_on: the version that was
    changed, None for whatever is there. Raises Unprocessable that names the field (`fault`), and Conflict when somebody
    else saved meanwhile.
    """
    if wrong := fault(touchpoint, switch):
        param, why, code = wrong
        raise Unprocessable(why, param=param, code=code)
    values = settings_of(switch)
    with merchant_transaction(merchant):
        current = TouchpointVersion.objects.filter(touchpoint=touchpoint, is_current=True).first()
        if based_on is not None and (current.number if current else 0) != based_on:
            raise _changed()
        before = settings_of(switch_of(current) if current else as_built(touchpoint))
        changes = differences(before, values)
        if not changes:
            return None
        version = _store(merchant, touchpoint, current, values)
        record_change("touchpoint.changed", label=touchpoint, changes=changes)
    return version


def _store(
    merchant: Merchant, touchpoint: str, current: TouchpointVersion | None, values: dict[str, Any]
) -> TouchpointVersion:
    if current:
        TouchpointVersion.objects.filter(pk=current.pk).update(is_current=False)
    version = TouchpointVersion(
        merchant=merchant, touchpoint=touchpoint, number=current.number + 1 if current else 1, settings=values,
        is_current=True, saved_at=timezone.now(), saved_by=current_actor().name[:254],
    )  # fmt: skip
    try:
        version.save(force_insert=True)
    except IntegrityError as error:  # both looked at the same time
        raise _changed() from error
    return version


def _changed() -> Conflict:
    return Conflict("Somebody else saved this meanwhile.", param="based_on", code="touchpoint_changed")


def fault(touchpoint: str, switch: Switch) -> tuple[str, str, str] | None:
    """The first thing that is wrong with settings: field, sentence, code."""
    known = TOUCHPOINTS[touchpoint]
    if not known.is_optional and not (switch.is_on and Channel.EMAIL in switch.channels):
        return "is_on", "This message is asked for by the shopper.", "not_optional"
    if not set(switch.channels) <= set(Channel.values) or len(set(switch.channels)) != len(switch.channels):
        return "channels", "A channel is unknown, or named twice.", "unknown_channel"
    if switch.is_on and not set(switch.channels) & set(known.possible):
        return "channels", "Choose at least one channel.", "no_channel"
    if not timedelta() <= switch.delay <= LONGEST_DELAY:
        return "delay", "At most a year.", "invalid_delay"
    if strange := set(switch.trigger) - set(triggers()):
        return "trigger", f"{sorted(strange)[0]!r} cannot set off a message.", "unknown_trigger"
    if not 0 <= switch.remind_days <= LONGEST_REMINDER:
        return "remind_days", f"At most {LONGEST_REMINDER} days.", "invalid_reminder"
    if switch.holdout is not None and not 0 <= switch.holdout <= MOST_PERCENT:
        return "holdout", f"At most {MOST_PERCENT} percent.", "invalid_holdout"
    if len(switch.conditions) > conditions.MOST_CONDITIONS:
        return "conditions", f"At most {conditions.MOST_CONDITIONS} conditions.", "invalid_condition"
    for number, each in enumerate(switch.conditions):
        if code := conditions.fault(each):
            return f"conditions[{number}]", f"This condition cannot be: {code}.", "invalid_condition"
    return None
