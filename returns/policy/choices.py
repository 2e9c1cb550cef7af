"""The words that a return policy is written in: they are stored, and part of the API."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Resolution(TextChoices):
    """What the shopper gets for what comes back."""

    EXCHANGE = "exchange", _("Exchange for another size or colour")
    EXCHANGE_OTHER = "exchange_other", _("Exchange for another product")
    INSTANT_EXCHANGE = "instant_exchange", _("Exchange sent at once")
    STORE_CREDIT = "store_credit", _("Store credit")
    REFUND = "refund", _("Refund")
    REPLACEMENT = "replacement", _("The same again")
    REPAIR = "repair", _("Repair")


# What is left when something may only be exchanged.
EXCHANGES = frozenset(
    {
        Resolution.EXCHANGE,
        Resolution.EXCHANGE_OTHER,
        Resolution.INSTANT_EXCHANGE,
        Resolution.REPLACEMENT,
        Resolution.REPAIR,
    }
)


class Method(TextChoices):
    """How it comes back."""

    LABEL = "label", _("Label to print")
    QR = "qr", _("QR code, nothing to print")
    STORE = "store", _("Bring it to a store")
    OWN = "own", _("Own parcel, any carrier")


class Trigger(TextChoices):
    """When the money goes back."""

    INSTANT = "instant", _("at once, on approval")
    DROP_OFF = "drop_off", _("when it is handed in")
    SCAN = "scan", _("at the carrier's first scan")
    RECEIPT = "receipt", _("when it arrives")
    INSPECTION = "inspection", _("when it was inspected")


class ItemCondition(TextChoices):
    """What state the shopper says that it is in."""

    UNOPENED = "unopened", _("Unopened")
    OPENED = "opened", _("Opened, unused")
    USED = "used", _("Used or worn")
    DAMAGED = "damaged", _("Damaged")


class Reads(TextChoices):
    """Which wording of a rule counts for an order."""

    PURCHASE = "purchase", _("as it stood when the order was placed")
    RETURN = "return", _("as it stands when the return is asked for")


class Code(TextChoices):
    """Why something may come back, or not. Part of the API: a code never changes its meaning."""

    RETURNABLE = "returnable"
    EXCHANGE_ONLY = "exchange_only"  # may come back, for no money
    WINDOW_OVER = "window_over"
    FINAL_SALE = "final_sale"
    NOT_SENT = "not_sent"
    CANCELLED = "cancelled"
    NO_WAY = "no_way"  # the rules leave no resolution, or no method
