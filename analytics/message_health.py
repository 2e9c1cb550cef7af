"""Are messages still going out, and do they arrive? Out of the message days.

Limits of bounces and complaints are the providers': Amazon SES puts accounts under review at 5 % bounces and pauses
them at 10 %, and reviews at 0.1 % complaints (https://docs.aws.amazon.com/ses/latest/dg/faqs-enforcement.html); Gmail
wants bulk senders below 0.1 %, and never at 0.3 % (https://support.google.com/mail/answer/81126).
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from analytics.models import MessageDay, MessageResult

# What is usual is learnt from so many whole days before yesterday.
USUAL_DAYS = 28
LATELY_DAYS = 7
# A kind counts as silent when so few would happen once in a thousand such days, were all as usual (Poisson).
SILENCE = 0.001
BOUNCES = (0.05, 0.10)
COMPLAINTS = (0.001, 0.003)
# Below so many sent, a share says nothing.
FEWEST = 100


@dataclass(frozen=True)
class Share:
    """A part of what was sent. `level`: "ok", "warn", "bad", or "" when too few were sent to tell."""

    number: int
    of: int
    limits: tuple[float, float]

    @property
    def value(self) -> float:
        return self.number / self.of if self.of else 0.0

    @property
    def level(self) -> str:
        if self.of < FEWEST:
            return ""
        warn, bad = self.limits
        return "bad" if self.value >= bad else "warn" if self.value >= warn else "ok"


@dataclass
class Kind:
    """One kind of message: how it does."""

    touchpoint: str
    lately: Counter[str] = field(default_factory=Counter)  # result → how many in the last 7 days
    before: int = 0  # sent in the 28 days before yesterday
    since_yesterday: int = 0
    last_sent: date | None = None
    is_silent: bool = False

    @property
    def usual(self) -> float:
        """Sent a day, before."""
        return self.before / USUAL_DAYS


@dataclass(frozen=True)
class Health:
    """All kinds, those that usually go out most first, and the shares of the last 28 days' e-mails."""

    kinds: list[Kind]
    bounces: Share
    complaints: Share

    @property
    def silent(self) -> list[Kind]:
        return [kind for kind in self.kinds if kind.is_silent]


def health(now: datetime, timezone: str) -> Health:
    """How the open scope's messages do at `now`, by the merchant's clock. One query."""
    local = now.astimezone(ZoneInfo(timezone))
    today = local.date()
    yesterday = today - timedelta(days=1)
    first = yesterday - timedelta(days=USUAL_DAYS)
    kinds: dict[str, Kind] = {}
    mails: Counter[str] = Counter()
    rows = MessageDay.objects.filter(day__range=(first, today))
    for day, touchpoint, channel, result, number in rows.values_list(
        "day", "touchpoint", "channel", "result", "number"
    ):
        kind = kinds.setdefault(touchpoint, Kind(touchpoint))
        if day > today - timedelta(days=LATELY_DAYS):
            kind.lately[result] += number
        if channel == "email":
            mails[result] += number
        if result == MessageResult.SENT:
            _note_sent(kind, day, number, yesterday)
    passed = 1 + (local - datetime.combine(today, time(0), local.tzinfo)) / timedelta(days=1)
    for kind in kinds.values():
        kind.is_silent = is_silent(kind.usual * passed, kind.since_yesterday)
    return Health(
        kinds=sorted(kinds.values(), key=lambda kind: (-kind.usual, kind.touchpoint)),
        bounces=Share(mails[MessageResult.UNDELIVERED], mails[MessageResult.SENT], BOUNCES),
        complaints=Share(mails[MessageResult.COMPLAINED], mails[MessageResult.SENT], COMPLAINTS),
    )


def _note_sent(kind: Kind, day: date, number: int, yesterday: date) -> None:
    if day >= yesterday:
        kind.since_yesterday += number
    else:
        kind.before += number
    if number and (kind.last_sent is None or day > kind.last_sent):
        kind.last_sent = day


def is_silent(expected: float, seen: int) -> bool:
    """Whether `seen` is too few where `expected` are usual: a chance of at most one in a thousand (Poisson)."""
    term = total = math.exp(-expected)
    for k in range(1, seen + 1):
        term *= expected / k
        total += term
    return expected > 0 and total <= SILENCE
