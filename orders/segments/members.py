"""The customers of a rule as a queryset: for lists, exports and whatever else narrows it further."""

import re
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from orders.models import Customer
from orders.segments import queries
from orders.segments.rules import SegmentRule

_NAMED = re.compile(r"%\((\w+)\)s")


def customers_of(rule: SegmentRule) -> QuerySet[Customer]:
    """The open scope's customers whom a checked rule lets in."""
    sql, values = queries.id_statement(rule)
    bound: list[Any] = [values[name] for name in _NAMED.findall(sql)]
    rows: QuerySet[Customer] = Customer.objects.filter(pk__in=RawSQL(_NAMED.sub("%s", sql), bound))  # noqa: S611  # bound
    return rows
