"""What a condition of a rule can ask about, and how."""

from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from returns.policy.choices import ItemCondition


class Op(TextChoices):
    """How the values of a condition are compared."""

    IS = "is", _("is")
    IS_NOT = "is_not", _("is not")
    AT_LEAST = "at_least", _("is at least")
    BELOW = "below", _("is below")


class Kind(TextChoices):
    """What the values of a field are."""

    WORDS = "words"  # compared without regard to case; `*` at the end stands for anything
    MONEY = "money"
    PERCENT = "percent"
    COUNT = "count"


class Field(TextChoices):
    """What is asked about."""

    PRODUCT_TAG = "product_tag", _("product tag")
    PRODUCT_TYPE = "product_type", _("product type")
    SKU = "sku", _("SKU")
    PRICE = "price", _("price of the item")
    DISCOUNT = "discount_percent", _("discount on the order")
    COUNTRY = "country", _("country")
    SOURCE = "source", _("sales channel")
    ORDER_TAG = "order_tag", _("order tag")
    ORDER_VALUE = "order_value", _("value of the order")
    CUSTOMER_TAG = "customer_tag", _("customer tag")
    CUSTOMER_ORDERS = "customer_orders", _("orders of the customer")
    CUSTOMER_RETURNS = "customer_returns", _("returns of the customer in a year")
    ORDER_RETURNS = "order_returns", _("earlier returns of the order")
    DAYS = "days_since_delivery", _("days since delivery")
    QUANTITY = "quantity", _("quantity sent back")
    REASON = "reason", _("reason")
    CONDITION = "condition", _("state of the item")


@dataclass(frozen=True)
class About:
    """What a field's values are. `asked`: only known once the shopper has said it; `many`: an item has several."""

    kind: Kind
    asked: bool = False
    many: bool = False
    choices: tuple[tuple[str, Promise | str], ...] = ()


FIELDS: Final[dict[Field, About]] = {
    Field.PRODUCT_TAG: About(Kind.WORDS, many=True),
    Field.PRODUCT_TYPE: About(Kind.WORDS),
    Field.SKU: About(Kind.WORDS),
    Field.PRICE: About(Kind.MONEY),
    Field.DISCOUNT: About(Kind.PERCENT),
    Field.COUNTRY: About(Kind.WORDS),
    Field.SOURCE: About(Kind.WORDS, many=True),
    Field.ORDER_TAG: About(Kind.WORDS, many=True),
    Field.ORDER_VALUE: About(Kind.MONEY),
    Field.CUSTOMER_TAG: About(Kind.WORDS, many=True),
    Field.CUSTOMER_ORDERS: About(Kind.COUNT),
    Field.CUSTOMER_RETURNS: About(Kind.COUNT),
    Field.ORDER_RETURNS: About(Kind.COUNT),
    Field.DAYS: About(Kind.COUNT),
    Field.QUANTITY: About(Kind.COUNT, asked=True),
    Field.REASON: About(Kind.WORDS, asked=True),
    Field.CONDITION: About(Kind.WORDS, asked=True, choices=tuple(ItemCondition.choices)),
}

WORD_OPS: Final = (Op.IS, Op.IS_NOT)
NUMBER_OPS: Final = (Op.AT_LEAST, Op.BELOW)


def ops_of(field: str) -> tuple[Op, ...]:
    """How this field can be compared."""
    return WORD_OPS if FIELDS[Field(field)].kind == Kind.WORDS else NUMBER_OPS
