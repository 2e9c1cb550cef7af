"""Counts that stay cheap on any table: they stop at a thousand, and many of them are one statement."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery

from merchants.models import Merchant

LIMIT = 1000


class _Capped(Subquery):
    template = "(SELECT count(*) FROM (%(subquery)s) AS capped)"
    output_field = IntegerField()


def capped_counts(merchant: Merchant, wanted: Mapping[str, QuerySet]) -> dict[str, int]:
    """How many rows each queryset has, at most LIMIT: one statement for all of them."""
    counts = {
        f"count_{name}": _Capped(rows.order_by().values("merchant_id")[:LIMIT])
        for name, rows in wanted.items()
    }
    found = Merchant.objects.filter(pk=merchant.pk).values_list(*counts.values()).get()
    return _counted(wanted, found)


def capped_counts_and(
    merchant: Merchant, wanted: Mapping[str, QuerySet], beside: Any
) -> tuple[dict[str, int], Any]:
    """`capped_counts`, and the value of one more expression (a list of saved tabs, say) in the same statement."""
    counts = [_Capped(rows.order_by().values("merchant_id")[:LIMIT]) for rows in wanted.values()]
    *found, more = Merchant.objects.filter(pk=merchant.pk).values_list(*counts, beside).get()
    return _counted(wanted, found), more


def _counted(wanted: Mapping[str, QuerySet], found: Iterable[int | None]) -> dict[str, int]:
    """What Django knows to be empty is not asked for, and comes as None."""
    return {name: count or 0 for name, count in zip(wanted, found, strict=True)}


def shown(count: int) -> str:
    """A capped count for people: "12", "999+"."""
    return str(count) if count < LIMIT else f"{LIMIT - 1}+"
