"""How a message goes out, in sentences: triggers, moments, conditions, channels."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import time, timedelta
from typing import Any

from babel import Locale
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from dashboard import words
from dashboard.fact_words import FACTS
from dashboard.messaging.words import MOMENTS
from notifications.choices import Reach
from notifications.conditions import FIELDS, Condition, Kind, Needs, Op
from notifications.flows.definition import ORDERED_AGAIN
from notifications.switches import Switch
from orders.segments.queries import all_segments
from tracking.carriers.registry import KNOWN as CARRIERS

LAST_MESSAGE: dict[str, Promise] = {
    "sent": gettext_lazy("sent"), "not_sent": gettext_lazy("not sent"), "delivered": gettext_lazy("delivered"),
    "opened": gettext_lazy("opened"), "clicked": gettext_lazy("clicked"), "bounced": gettext_lazy("came back"),
    "complained": gettext_lazy("reported as spam"),
}  # fmt: skip
YES: dict[str, Promise] = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}
OPS: dict[str, Promise] = {
    Op.IS: gettext_lazy("is"), Op.IS_NOT: gettext_lazy("is not"),
    Op.AT_LEAST: gettext_lazy("is at least"), Op.BELOW: gettext_lazy("is below"),
}  # fmt: skip
_SHOWN: dict[str, Any] = {
    Op.IS: "%(field)s: %(values)s", Op.IS_NOT: gettext_lazy("%(field)s: not %(values)s"),
    Op.AT_LEAST: gettext_lazy("%(field)s: at least %(values)s"),
    Op.BELOW: gettext_lazy("%(field)s: below %(values)s"),
}  # fmt: skip

Names = Mapping[str, Mapping[str, str]]


def names(conditions: Iterable[Condition] | None = None) -> Names:
    """What values are called, by field. One query where segments are among the fields (None: all fields)."""
    fields = None if conditions is None else {each.field for each in conditions}
    found: dict[str, dict[str, str]] = {
        "parcel_state": {str(code): str(label.text) for code, label in words.STATUSES.items()},
        "carrier": {code: carrier.name for code, carrier in CARRIERS.items()},
        "last_message": {code: str(text) for code, text in LAST_MESSAGE.items()},
    }
    if fields is None or any(FIELDS[f].needs == Needs.SEGMENTS for f in fields if f in FIELDS):
        found["segment"] = {each.ref: str(each.name) for each in all_segments()}
    return found


def value(field: str, text: str, called: Names) -> str:
    """A value as people say it."""
    if field == "country":
        return str(Locale.parse(get_language() or "en", sep="-").territories.get(text.upper(), text))
    known = FIELDS.get(field)
    if known and known.kind == Kind.YES:
        return str(YES.get(text, text))
    return called.get(field, {}).get(text, text)


def condition(asked: Condition, called: Names) -> str:
    """One condition: "Country of delivery: Germany or Austria"."""
    known = FIELDS.get(asked.field)
    shown = f" {_('or')} ".join(value(asked.field, each, called) for each in asked.values)
    return _SHOWN[asked.op] % {"field": known.label if known else asked.field, "values": shown}


def found(field: str, what: Any, called: Names) -> str:
    """What stood against a condition, as it was logged."""
    if what is None:
        return _("not known")
    if isinstance(what, bool):
        return str(YES["yes" if what else "no"])
    if isinstance(what, list):
        return ", ".join(value(field, str(each), called) for each in what) or _("nothing")
    return value(field, str(what), called)


def fact(kind: str) -> str:
    """A fact: "Parcel delivered"."""
    if kind == ORDERED_AGAIN:
        return _("The customer ordered again")
    known = FACTS.get(kind)
    return str(known.text) if known else kind


def facts(kinds: Sequence[str]) -> str:
    """Several, any of which will do."""
    return f" {_('or')} ".join(fact(kind) for kind in kinds)


def length(span: timedelta) -> str:
    """A time: "3 days", "1 day 4 hours", "15 minutes"."""
    hours, minutes = divmod(span.seconds // 60, 60)
    parts = []
    if span.days:
        parts.append(ngettext("%(n)d day", "%(n)d days", span.days) % {"n": span.days})
    if hours:
        parts.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    return " ".join(parts)


def moment(delay: timedelta, at: time | None) -> str:
    """When: "at once", "3 days later, at 10:00 of the shopper's day"."""
    clock = at.strftime("%H:%M") if at else ""
    if delay and at:
        return _("%(span)s later, at %(clock)s of the shopper’s day") % {
            "span": length(delay),
            "clock": clock,
        }
    if at:
        return _("at the next %(clock)s of the shopper’s day") % {"clock": clock}
    return _("%(span)s later") % {"span": length(delay)} if delay else _("at once")


def channels(names_of: Sequence[str], reach: str) -> str:
    """Over which: "Push, else e-mail, else SMS", "E-mail and SMS"."""
    shown = [str(words.CHANNELS[each]) for each in names_of if each in words.CHANNELS]
    return f", {_else()} ".join(shown) if reach == Reach.FIRST else f" {_and()} ".join(shown)


def _and() -> str:
    return _("and")


def _else() -> str:
    return _("else")


def settings(touchpoint: str, how: Switch, possible: Sequence[str], called: Names) -> list[str]:
    """Everything about how a message goes out, a sentence each."""
    lines = [
        facts(how.trigger) if how.trigger else str(MOMENTS.get(touchpoint, "")),
        moment(how.delay, how.at),
        *(condition(each, called) for each in how.conditions),
        channels([each for each in how.channels if each in possible], how.reach),
    ]
    if how.remind_days:
        lines.append(
            ngettext(
                "Once more after %(n)d day, unless it was opened or clicked",
                "Once more after %(n)d days, unless it was opened or clicked",
                how.remind_days,
            )
            % {"n": how.remind_days}
        )
    if how.holdout is not None:
        lines.append(_("Held out to measure its effect: %(n)d in a hundred") % {"n": how.holdout})
    return [line for line in lines if line]
