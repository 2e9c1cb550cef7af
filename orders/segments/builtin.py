"""Segments that every shop has from the first day. A merchant's own may begin as a copy of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.segments.rules import SegmentCondition, SegmentRule


@dataclass(frozen=True)
class BuiltIn:
    """A segment of ours: what people call it, whom it holds, and its rule."""

    name: Promise
    whom: Promise
    rule: SegmentRule


def _all(*conditions: tuple[str, str]) -> SegmentRule:
    return SegmentRule(
        match="all", conditions=[SegmentCondition(kind=kind, value=value) for kind, value in conditions]
    )


BUILT_IN: Final[Mapping[str, BuiltIn]] = {
    "new": BuiltIn(
        _("New"), _("Their first order was in the last 30 days."),
        _all(("first_order.within", "30"), ("orders.at_most", "1")),
    ),
    "repeat": BuiltIn(_("Repeat"), _("They ordered at least twice."), _all(("orders.at_least", "2"))),
    "high_value": BuiltIn(_("High value"), _("The fifth that spent most."), _all(("value.high", ""))),
    "loyal": BuiltIn(
        _("Loyal"), _("At least three orders, and the last one not longer ago than half a year."),
        _all(("orders.at_least", "3"), ("last_order.within", "180")),
    ),
    "lapsing": BuiltIn(
        _("Lapsing"), _("Their next order is overdue by half, but they ordered within a year."),
        _all(("overdue.at_least", "150"), ("last_order.within", "365")),
    ),
    "lost": BuiltIn(_("Lost"), _("No order for more than a year."), _all(("last_order.before", "365"))),
    "no_order": BuiltIn(_("Without an order"), _("Known, and never bought."), _all(("orders.at_most", "0"))),
}  # fmt: skip
