"""A merchant's rules for all its messages: quiet hours, caps, senders, topics, the notice to customers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Final

from django.utils import timezone

from merchants.audit import differences, record_change
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from notifications.choices import Channel
from notifications.classes import RULES, STREAMS
from notifications.consent.choices import Topic
from notifications.consent.models import MessageRules
from orders.text import normal_email

MOST_DAYS: Final = 90
MOST_MESSAGES: Final = 50
LONGEST_PAGE: Final = 1000
# Nobody minds a mail at night; a telephone that buzzes is another matter.
_QUIET: Final = {Channel.SMS.value: ("20:00", "09:00"), "push": ("21:00", "08:00")}
_CAPS: Final = {"service": (3, 7), "marketing": (2, 7)}


@dataclass(frozen=True)
class Rules:
    """quiet: channel → (from, to) of the shopper's day. caps: class → (messages, days). streams: stream → sender.

    review_url, survey_url: the shop's pages for them, with the places of `notifications.pages`.
    """

    quiet: Mapping[str, tuple[time, time]] = field(default_factory=dict)
    caps: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    streams: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    topics: tuple[str, ...] = tuple(Topic.values)
    notice: str = ""
    notice_version: int = 0
    notice_since: datetime | None = None
    review_url: str = ""
    survey_url: str = ""


def rules() -> Rules:
    """The rules of the open scope's merchant: one query."""
    row = MessageRules.objects.first()
    return _read(row) if row else _BUILT


def _read(row: MessageRules) -> Rules:
    return Rules(
        quiet=_times(row.quiet),
        caps={name: (pair[0], pair[1]) for name, pair in row.caps.items()},
        streams=row.streams,
        topics=tuple(row.topics) or tuple(Topic.values),
        notice=row.notice, notice_version=row.notice_version, notice_since=row.notice_since,
        review_url=row.review_url, survey_url=row.survey_url,
    )  # fmt: skip


def _times(quiet: Mapping[str, Any]) -> dict[str, tuple[time, time]]:
    return {
        channel: (time.fromisoformat(pair[0]), time.fromisoformat(pair[1])) for channel, pair in quiet.items()
    }


_BUILT: Final = Rules(quiet=_times(_QUIET), caps=_CAPS)


def set_rules(merchant: Merchant, new: Rules) -> None:
    """Keep these rules from now on; what is planned already is decided by them when it goes out.

    Another notice is a new version, and counts from now. Raises Unprocessable that names the field.
    """
    _check(new)
    values: dict[str, Any] = {
        "quiet": {channel: [f"{a:%H:%M}", f"{b:%H:%M}"] for channel, (a, b) in new.quiet.items()},
        "caps": {name: list(pair) for name, pair in new.caps.items()},
        "streams": {name: dict(value) for name, value in new.streams.items() if any(value.values())},
        "topics": [topic for topic in Topic.values if topic in new.topics],
        "notice": new.notice.strip(),
        "review_url": new.review_url.strip(),
        "survey_url": new.survey_url.strip(),
    }
    now = timezone.now()
    with merchant_transaction(merchant):
        row = MessageRules.objects.select_for_update().first() or MessageRules(
            merchant=merchant, updated_at=now, quiet=_QUIET, caps={k: list(v) for k, v in _CAPS.items()},
            topics=list(Topic.values),
        )  # fmt: skip
        changes = differences({name: getattr(row, name) for name in values}, values)
        if not changes:
            return
        if "notice" in changes:
            row.notice_version += 1
            row.notice_since = now if values["notice"] else None
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = now
        row.save()
        record_change("message_rules.changed", changes=changes)


def _check(new: Rules) -> None:
    for name, (most, days) in new.caps.items():
        if name not in RULES or not RULES[name].is_capped:
            raise Unprocessable("Messages of this kind have no cap.", param="caps", code="invalid_cap")
        if not (1 <= most <= MOST_MESSAGES and 1 <= days <= MOST_DAYS):
            raise Unprocessable(
                f"1 to {MOST_MESSAGES} messages in 1 to {MOST_DAYS} days.",
                param=f"caps_{name}",
                code="invalid_cap",
            )
    for channel, (start, end) in new.quiet.items():
        if start == end:
            raise Unprocessable("That is the whole day.", param=f"quiet_{channel}", code="invalid_hours")
    for stream, sender in new.streams.items():
        email = sender.get("email", "")
        if stream not in STREAMS or (email and not normal_email(email)):
            raise Unprocessable(
                "This is not an e-mail address.", param=f"stream_{stream}", code="invalid_address"
            )
    for name, page in (("review_url", new.review_url.strip()), ("survey_url", new.survey_url.strip())):
        if page and (len(page) > LONGEST_PAGE or not page.startswith("https://") or " " in page):
            raise Unprocessable(
                "This is no address that begins with https://.", param=name, code="invalid_link"
            )
    if new.survey_url and "{answer}" not in new.survey_url:
        raise Unprocessable(
            "The page of surveys needs {answer}: which answer was chosen.",
            param="survey_url",
            code="invalid_link",
        )
    if not new.topics or set(new.topics) - set(Topic.values):
        raise Unprocessable("Choose at least one topic.", param="topics", code="unknown_topic")
