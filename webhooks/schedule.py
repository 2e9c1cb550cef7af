"""When a delivery is tried again, and when not: the answer decides (docs/webhooks.md)."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

# 14 tries: at once, then after 30 s, doubling. The last one is 68 hours after the first.
DELAYS: Final = tuple(timedelta(seconds=30 * 2**n) for n in range(13))
MOST_TRIES: Final = len(DELAYS) + 1
JITTER: Final = 0.1
# An endpoint that failed for so long at every try is disabled.
DISABLED_AFTER: Final = timedelta(days=3)
# An endpoint may ask to be left alone, and not for ever.
LONGEST_RETRY_AFTER: Final = timedelta(hours=6)

GONE: Final = 410
_RETRIED: Final = frozenset({408, 429})


@dataclass(frozen=True)
class Answer:
    """What came of one try. status: None when no answer came, and then `error` is a code of `ERRORS`."""

    status: int | None = None
    error: str = ""
    retry_after: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """The code under which a failure is shown: `http_503`, `timeout`. Empty for a success."""
        if self.is_success:
            return ""
        return f"http_{self.status}" if self.status is not None else self.error

    @property
    def can_be_retried(self) -> bool:
        """Whether the same request may succeed later: no answer, 408, 429 and faults of the receiver's side."""
        if self.status is None:
            return self.error != "refused"
        return self.status in _RETRIED or self.status >= 500


def next_try(tries: int, answer: Answer, now: datetime) -> datetime | None:
    """When to try again after `tries` tries, the last of which got `answer`. None: never."""
    if answer.is_success or not answer.can_be_retried or tries >= MOST_TRIES:
        return None
    wait = DELAYS[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # jitter, not a secret
    return now + max(wait, wished_pause(answer, now))


def wished_pause(answer: Answer, now: datetime) -> timedelta:
    """How long the endpoint asks to be left alone (`Retry-After`: seconds or a date); zero when it does not."""
    if answer.status is None or not answer.can_be_retried:
        return timedelta(0)
    return min(max(_wish(answer.retry_after.strip(), now), timedelta(0)), LONGEST_RETRY_AFTER)


def _wish(text: str, now: datetime) -> timedelta:
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:7]))
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return timedelta(0)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
