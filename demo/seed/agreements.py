"""What the demo's shoppers said about being written to: at the checkout, from the mailbox, and against it."""

from collections.abc import Iterable
from datetime import timedelta
from random import Random

from django.utils import timezone

from demo.seed.copying import copy_rows
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.choices import Channel
from notifications.consent.choices import Basis, ConsentState
from notifications.consent.models import ConsentEntry, MessageRules
from notifications.suppressions import digest
from orders.models import Customer

_NOTICE = (
    "Wir senden Ihnen gelegentlich Angebote zu ähnlichen Waren. Sie können dem jederzeit widersprechen, ohne dass dafür"
    " andere als die Übermittlungskosten nach den Basistarifen entstehen."
)
_CONFIRMED, _OBJECTED = 0.35, 0.05


def note_agreements(merchant: Merchant, customers: Iterable[Customer]) -> int:
    """Fill the consent ledger for those of these customers who have an address. Returns how many entries.

    All were told at the checkout that they may object; a third confirmed that they want the newsletter, one in twenty
    objected since. Facts are not recorded: nothing follows from them.
    """
    rows: list[ConsentEntry] = []
    with merchant_scope(merchant):
        since = timezone.now() - timedelta(days=400)
        MessageRules.objects.get_or_create(
            merchant=merchant,
            defaults={
                "notice": _NOTICE, "notice_version": 1, "notice_since": since, "updated_at": since,
                "quiet": {"sms": ["20:00", "09:00"]}, "caps": {"service": [3, 7], "marketing": [2, 7]},
                "review_url": "https://nordwind.example/review?order={order}&language={language}",
                "survey_url": "https://nordwind.example/survey/{survey}?order={order}&answer={answer}",
            },
        )  # fmt: skip
        for customer in sorted((c for c in customers if c.email), key=lambda customer: customer.email):
            rows.append(_entry(customer, ConsentState.GIVEN, Basis.EXISTING_CUSTOMER, "checkout", 0))
            chance = _chance(customer.email)
            if chance < _CONFIRMED:
                rows.append(_entry(customer, ConsentState.REQUESTED, Basis.DOUBLE_OPT_IN, "footer", 1))
                rows.append(_entry(customer, ConsentState.GIVEN, Basis.DOUBLE_OPT_IN, "double_opt_in", 2))
            elif has_objected(customer.email):
                rows.append(_entry(customer, ConsentState.OBJECTED, None, "unsubscribe_page", 3))
        copy_rows(ConsentEntry, rows)
    return len(rows)


def has_objected(email: str) -> bool:
    """Whether the shopper with this address wants nothing but news about their orders: the same for ever."""
    return _CONFIRMED <= _chance(email) < _CONFIRMED + _OBJECTED


def _chance(email: str) -> float:
    return Random(email).random()  # noqa: S311  # Made-up shoppers, no secrets.


def _entry(
    customer: Customer, state: ConsentState, basis: Basis | None, source: str, hours: int
) -> ConsentEntry:
    at = customer.created_at + timedelta(hours=hours)
    return ConsentEntry(
        merchant_id=customer.merchant_id, channel=Channel.EMAIL, digest=digest(Channel.EMAIL, customer.email),
        address=customer.email, state=state, basis=basis or "", source=source, locale=customer.locale,
        wording=_NOTICE if source == "checkout" else "", wording_version="1" if source == "checkout" else "",
        occurred_at=at, recorded_at=at,
    )  # fmt: skip
