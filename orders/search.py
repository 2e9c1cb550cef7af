"""Finding orders by what a person typed: number, e-mail, name, postcode or tracking number."""

from collections import Counter
from dataclasses import dataclass

from django.db import connection
from django.db.models import BooleanField, F, Func, QuerySet, Value

from merchants.scope import current_merchant
from orders.models import Order
from orders.text import search_query

# From so many finds on, the newest are looked for along the list instead of collected first.
FEW = 1000

# PostgreSQL guesses that any rare beginning of a word is in 2 % of the rows, and would walk along the whole list
# for it (150 ms on 200,000 orders). Materialized, the condition is planned for itself and uses the search index;
# being read lazily, it stops after FEW rows of a frequent word.
_FIND = """
WITH found AS MATERIALIZED (
    SELECT id, stage FROM orders_order WHERE merchant_id = %s AND search @@ %s::tsquery
)
SELECT id, stage FROM found LIMIT %s
"""


class _Matches(Func):
    """`search @@ query`. The query's words are folded already, so no dictionary may split them again."""

    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "
    output_field = BooleanField()


@dataclass(frozen=True)
class Found:
    """The orders that were found. stages: how many at each stage; None when they were too many to count."""

    orders: QuerySet[Order]
    stages: Counter[str] | None = None


def find_orders(typed: str) -> Found:
    """The open scope's orders that have every word typed (or a word beginning with it).

    Nothing typed finds everything; something of which no letter is left finds nothing. One query.
    """
    if not typed.strip():
        return Found(Order.objects.all())
    query = search_query(typed)
    if not query:
        return Found(Order.objects.none(), Counter())
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [current_merchant().id, query, FEW])
        found = cursor.fetchall()
    if len(found) == FEW:
        return Found(Order.objects.filter(_Matches(F("search"), Value(query))))
    by_id = Order.objects.filter(pk__in=[order_id for order_id, _stage in found])
    return Found(by_id, Counter(stage for _order_id, stage in found))
