"""Finding orders by what a person typed: number, e-mail, name, postcode or tracking number."""

from django.db.models import BooleanField, F, Func, QuerySet, Value

from orders.models import Order
from orders.text import search_query


class _Matches(Func):
    """`search @@ query`. The query's words are folded already, so no dictionary may split them again."""

    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "
    output_field = BooleanField()


def found_orders(typed: str) -> QuerySet[Order]:
    """The open scope's orders that have every word typed (or a word beginning with it).

    Nothing typed finds everything; something of which no letter is left finds nothing.
    """
    if not typed.strip():
        return Order.objects.all()
    query = search_query(typed)
    return Order.objects.filter(_Matches(F("search"), Value(query))) if query else Order.objects.none()
