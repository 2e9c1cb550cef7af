"""The window of a return: from the delivery, or from the hand-over plus the way, to the end of the shopper's day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from returns.policy.line_facts import LineFacts

_END_OF_DAY: Final = time.max


@dataclass(frozen=True, slots=True)
class Start:
    """The shopper's day on which a window begins. is_known: a carrier told of the delivery; else it is our guess."""

    day: date
    is_known: bool


def start_of(facts: LineFacts, transit_days: int) -> Start | None:
    """The day of the last delivery of a line; else when it was sent, and the way. None while nothing was sent.

    A line that needs no sending begins with the order.
    """
    if facts.delivered_at is not None:
        return Start(facts.delivered_at.astimezone(facts.zone).date(), True)
    if facts.shipped_at is not None:
        sent = facts.shipped_at.astimezone(facts.zone).date()
        return Start(sent + timedelta(days=transit_days), False)
    if not facts.needs_sending:
        return Start(facts.placed_at.astimezone(facts.zone).date(), True)
    return None


def end_of(start: Start, days: int | Literal["unlimited"], facts: LineFacts) -> datetime | None:
    """The last moment of a window, as UTC: its last day ends with the shopper's midnight. None: it never ends."""
    if days == "unlimited":
        return None
    last = start.day + timedelta(days=days)
    return datetime.combine(last, _END_OF_DAY, facts.zone).astimezone(UTC)


def days_since(start: Start, at: datetime, facts: LineFacts) -> int:
    """Whole days of the shopper's calendar since a window began; 0 before that."""
    return max(0, (at.astimezone(facts.zone).date() - start.day).days)
