"""REST: customers' store credit."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import parse_public_id, public_id
from merchants.rest.decode import aware
from merchants.rest.views import ApiView
from returns.money import queries, wallet
from returns.money.amounts import rounded
from returns.money.api import key_of, named
from returns.money.credit import give_credit, spend_credit
from returns.money.credit_schemas import (
    BalanceOut,
    CreditOut,
    GiveCreditIn,
    SpendCreditIn,
    WalletOut,
    show_credit,
)

_MOST_SHOWN = 100


class CustomerCredit(ApiView):
    """Store credit of a customer."""

    scopes = {"GET": "credit:read", "POST": "credit:write"}

    @extend_schema(operation_id="customers_credit", responses={200: WalletOut})
    def get(self, request: HttpRequest, customer_id: str) -> HttpResponse:
        """Read what a customer may spend, and how it came to that."""
        customer = queries.get_customer(parse_public_id("cus", customer_id))
        entries = queries.credit_entries(customer.pk).order_by("-created_at", "-id")[:_MOST_SHOWN]
        balances = wallet.balances(customer.pk)
        shown = WalletOut(
            customer_id=public_id("cus", customer.pk),
            balances=[BalanceOut(currency=c, amount=rounded(a, c)) for c, a in sorted(balances.items())],
            entries=[show_credit(entry) for entry in entries],
        )
        return self.show(shown)

    @extend_schema(operation_id="customers_give_credit", request=GiveCreditIn, responses={201: CreditOut})
    def post(self, request: HttpRequest, customer_id: str) -> HttpResponse:
        """Give a customer store credit."""
        return self.once(f"POST /customers/{customer_id}/credit", lambda: self._give(customer_id))

    def _give(self, customer_id: str) -> HttpResponse:
        customer, body = _customer(customer_id), self.body(GiveCreditIn)
        order = order_named(body.order_id)
        expires_at = aware(body.expires_at, "expires_at") if body.expires_at else None
        entry = give_credit(
            self.merchant, customer, body.amount, body.currency, key=key_of(self, body.key), bonus=body.bonus,
            source=("order", order), order_id=order, expires_at=expires_at, reason=body.reason,
        )  # fmt: skip
        return self.show(show_credit(queries.credit_entries(customer).get(pk=entry.pk)), 201)


class SpendCredit(ApiView):
    """Paying with store credit."""

    scopes = {"POST": "credit:write"}

    @extend_schema(operation_id="customers_spend_credit", request=SpendCreditIn, responses={201: CreditOut})
    def post(self, request: HttpRequest, customer_id: str) -> HttpResponse:
        """Let a customer pay with store credit. Of several at once that are more than there is, the later get 409."""
        return self.once(f"POST /customers/{customer_id}/credit/spend", lambda: self._spend(customer_id))

    def _spend(self, customer_id: str) -> HttpResponse:
        customer, body = _customer(customer_id), self.body(SpendCreditIn)
        entry = spend_credit(
            self.merchant, customer, body.amount, body.currency, key=key_of(self, body.key),
            order_id=order_named(body.order_id), reference=body.reference,
        )  # fmt: skip
        return self.show(show_credit(entry), 201)


def _customer(text: str) -> UUID:
    """The customer that an address names: looked up before the body is read. Raises NotFound."""
    return queries.get_customer(parse_public_id("cus", text)).pk


def order_named(text: str | None) -> UUID | None:
    """The order that a body names, if it does. Raises NotFound."""
    return named(text, "ord", "order_id") if text is not None else None
