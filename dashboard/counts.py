"""Counts that stay cheap on any table: they stop at a thousand, and many of them are one statement."""

from collections.abc import Mapping

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
    return dict(zip(wanted, found, strict=True))


def shown(count: int) -> str:
    """A capped count for people: "12", "999+"."""
    return str(count) if count < LIMIT else f"{LIMIT - 1}+"
