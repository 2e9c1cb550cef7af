"""Who is in which segment: one statement, however many segments or customers are asked about."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.functional import Promise

from merchants.ids import parse_public_id, public_id
from merchants.rest.errors import NotFound
from merchants.scope import current_merchant
from orders.segments.builtin import BUILT_IN
from orders.segments.models import Segment
from orders.segments.rules import SegmentRule, compiled, stored

_FROM = """
FROM orders_customer AS c
LEFT JOIN segments_customerstats AS s ON s.merchant_id = c.merchant_id AND s.customer_id = c.id
"""
# The limits of the value bands, and how long this shop's customers usually wait: over those who bought.
_BANDS = """
CROSS JOIN (
    SELECT percentile_disc(0.8) WITHIN GROUP (ORDER BY spent) AS high,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY spent) AS low,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY mean_interval_days) AS usual_days
    FROM segments_customerstats WHERE merchant_id = %(merchant)s
) AS bands
"""


@dataclass(frozen=True)
class Known:
    """A segment of ours or of the merchant. `ref` is how everybody names it: `new`, or `seg_…`."""

    ref: str
    name: str | Promise
    whom: str | Promise
    rule: SegmentRule
    row: Segment | None = None


def all_segments() -> list[Known]:
    """Every segment of the open scope: the built-in ones, then the merchant's own by name. One query."""
    own = [_own(row) for row in Segment.objects.order_by("name", "id")]
    return [Known(ref, b.name, b.whom, b.rule) for ref, b in BUILT_IN.items()] + own


def get_segment(ref: str) -> Known:
    """A segment of the open scope by its ref. Raises NotFound, the same for another merchant's."""
    if built_in := BUILT_IN.get(ref):
        return Known(ref, built_in.name, built_in.whom, built_in.rule)
    parsed = parse_public_id("seg", ref)
    row = Segment.objects.filter(pk=parsed).first() if parsed else None
    if row is None:
        raise NotFound("There is no such segment.", param="segment_id")
    return _own(row)


def members(customer_ids: Collection[UUID], refs: Collection[str] | None = None) -> dict[UUID, set[str]]:
    """Which segments each of these customers is in, by ref: two queries, however many.

    refs: only these are looked at (all of them when left out); unknown ones hold nobody. Every customer is
    in the answer.
    """
    found: dict[UUID, set[str]] = {customer_id: set() for customer_id in customer_ids}
    asked = [known for known in all_segments() if refs is None or known.ref in refs]
    if not found or not asked:
        return found
    columns, values = _columns(asked)
    sql = (
        f"SELECT c.id, {', '.join(columns)} {_source(columns)}"
        " WHERE c.merchant_id = %(merchant)s AND c.id = ANY(%(ids)s)"
    )
    for customer_id, *holds in _rows(sql, {**values, "ids": list(found)}):
        found[customer_id] = {known.ref for known, is_in in zip(asked, holds, strict=True) if is_in}
    return found


def member_of(customer_id: UUID) -> set[str]:
    """The refs of all segments that a customer is in: two queries."""
    return members([customer_id])[customer_id]


def counts(segments: Sequence[Known]) -> dict[str, int]:
    """How many customers are in each segment, by ref: one statement over the merchant's customers."""
    if not segments:
        return {}
    columns, values = _columns(segments)
    counted = ", ".join(f"count(*) FILTER (WHERE {column})" for column in columns)
    [row] = _rows(f"SELECT {counted} {_source(columns)} WHERE c.merchant_id = %(merchant)s", values)
    return {known.ref: count for known, count in zip(segments, row, strict=True)}


def count(rule: SegmentRule) -> int:
    """How many customers a checked rule lets in: one statement."""
    where, values = compiled(rule, "v")
    [[number]] = _rows(
        f"SELECT count(*) {_source([where])} WHERE c.merchant_id = %(merchant)s AND {where}", values
    )
    return int(number)


def ids(rule: SegmentRule, *, after: UUID | None = None, limit: int) -> list[UUID]:
    """Up to `limit` customers whom a checked rule lets in, in the order of their ids, behind `after`."""
    where, values = compiled(rule, "v")
    begin = "AND c.id > %(after)s" if after else ""
    sql = (
        f"SELECT c.id {_source([where])} WHERE c.merchant_id = %(merchant)s {begin} AND {where}"
        " ORDER BY c.id LIMIT %(limit)s"
    )
    return [row[0] for row in _rows(sql, {**values, "after": after, "limit": limit})]


def id_statement(rule: SegmentRule) -> tuple[str, dict[str, Any]]:
    """A checked rule as `SELECT id` over the open scope's customers, and its values."""
    where, values = compiled(rule, "v")
    sql = f"SELECT c.id {_source([where])} WHERE c.merchant_id = %(merchant)s AND {where}"
    return sql, {**values, "merchant": current_merchant().id}


def _columns(segments: Sequence[Known]) -> tuple[list[str], dict[str, Any]]:
    columns: list[str] = []
    values: dict[str, Any] = {}
    for index, known in enumerate(segments):
        column, bound = compiled(known.rule, f"v{index}")
        columns.append(column)
        values |= bound
    return columns, values


def _source(conditions: Sequence[str]) -> str:
    """The tables that conditions need: the bands are worked out only where one of them speaks of them."""
    return _FROM + (_BANDS if any("bands." in condition for condition in conditions) else "")


def _rows(sql: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values, "merchant": current_merchant().id})
        return iter(cursor.fetchall())


def _own(row: Segment) -> Known:
    return Known(public_id("seg", row.pk), row.name, "", stored(row.rule), row)
