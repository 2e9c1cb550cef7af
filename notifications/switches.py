"""Whether and how a merchant sends a touchpoint: on or off, which channels, and how much later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from merchants.audit import differences, record_change
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from notifications.choices import Channel
from notifications.models import TouchpointSwitch
from notifications.touchpoints import TOUCHPOINTS

LONGEST_DELAY: Final = timedelta(days=7)


@dataclass(frozen=True)
class Switch:
    """How a touchpoint goes out."""

    is_on: bool = True
    channels: frozenset[str] = frozenset(Channel.values)
    delay: timedelta = timedelta()

    def sends(self, channel: str) -> bool:
        """Whether messages of this channel go out."""
        return self.is_on and channel in self.channels


_AS_BUILT: Final = Switch()
_NOT_YET: Final = Switch(is_on=False)


def switches(touchpoints: Iterable[str]) -> Mapping[str, Switch]:
    """How the open scope's merchant sends these touchpoints: one query. All of them are in the answer."""
    wanted = set(touchpoints)
    rows = TouchpointSwitch.objects.filter(touchpoint__in=wanted)
    found = {
        row.touchpoint: Switch(row.is_on, frozenset(row.channels), timedelta(minutes=row.delay_minutes))
        for row in rows
    }
    return {key: found.get(key) or as_built(key) for key in wanted}


def as_built(touchpoint: str) -> Switch:
    """How a touchpoint goes out in a shop that said nothing about it."""
    known = TOUCHPOINTS.get(touchpoint)
    return _AS_BUILT if known is None or known.starts_on else _NOT_YET


def set_switch(merchant: Merchant, touchpoint: str, switch: Switch) -> None:
    """Send a touchpoint this way from now on. What is planned already is decided again when it goes out.

    Raises Unprocessable for one that cannot be switched off, for a channel that it does not have, for no channel at
    all, and for a delay of more than a week.
    """
    known = TOUCHPOINTS[touchpoint]
    if not known.is_optional and not (switch.is_on and Channel.EMAIL in switch.channels):
        raise Unprocessable("This message is asked for by the shopper.", param="is_on", code="not_optional")
    if switch.is_on and not switch.channels & set(known.channels):
        raise Unprocessable("Choose at least one channel.", param="channels", code="no_channel")
    if not timedelta() <= switch.delay <= LONGEST_DELAY:
        raise Unprocessable("At most a week.", param="delay", code="invalid_delay")
    values = {
        "is_on": switch.is_on,
        "channels": sorted(switch.channels & set(known.channels)),
        "delay_minutes": int(switch.delay.total_seconds() // 60),
    }
    with merchant_transaction(merchant):
        row, _ = TouchpointSwitch.objects.select_for_update().get_or_create(
            merchant=merchant, touchpoint=touchpoint, defaults={"is_on": as_built(touchpoint).is_on}
        )
        before = {name: getattr(row, name) for name in values}
        if changes := differences(before, values):
            TouchpointSwitch.objects.filter(pk=row.pk).update(**values)
            record_change("touchpoint.changed", label=touchpoint, changes=changes)
