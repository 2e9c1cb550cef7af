"""Counts that stay cheap on any table: they stop at a thousand, and many of them are one statement."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from merchants.models import Merchant
from merchants.scope import current_merchant

LIMIT = 1000


def of_table(table: str, condition: str, *parameters: Any) -> RawSQL:
    """A capped count of the open scope's rows in SQL: built in no time, for what stands on every page."""
    rows = f"SELECT FROM {table} WHERE merchant_id = %s AND {condition} LIMIT {LIMIT}"  # ours
    return RawSQL(  # noqa: S611  # the parameters are bound
        f"SELECT count(*) FROM ({rows}) AS capped",  # noqa: S608
        [current_merchant().id, *parameters],
        IntegerField(),
    )


def _expression(rows: QuerySet | RawSQL) -> Any:
    return rows if isinstance(rows, RawSQL) else _Capped(rows.order_by().values("merchant_id")[:LIMIT])


class _Capped(Subquery):
    template = "(SELECT count(*) FROM (%(subquery)s) AS capped)"
    output_field = IntegerField()


def capped_counts(merchant: Merchant, wanted: Mapping[str, QuerySet | RawSQL]) -> dict[str, int]:
    """How many rows each queryset has, at most LIMIT: one statement for all of them."""
    counts = [_expression(rows) for rows in wanted.values()]
    found = Merchant.objects.filter(pk=merchant.pk).values_list(*counts).get()
    return _counted(wanted, found)


def capped_counts_and(
    merchant: Merchant, wanted: Mapping[str, QuerySet | RawSQL], beside: Any
) -> tuple[dict[str, int], Any]:
    """`capped_counts`, and the value of one more expression (a list of saved tabs, say) in the same statement."""
    counts = [_expression(rows) for rows in wanted.values()]
    *found, more = Merchant.objects.filter(pk=merchant.pk).values_list(*counts, beside).get()
    return _counted(wanted, found), more


def _counted(wanted: Iterable[str], found: Iterable[int | None]) -> dict[str, int]:
    """What Django knows to be empty is not asked for, and comes as None."""
    return {name: count or 0 for name, count in zip(wanted, found, strict=True)}


def shown(count: int) -> str:
    """A capped count for people: "12", "999+"."""
    return str(count) if count < LIMIT else f"{LIMIT - 1}+"
