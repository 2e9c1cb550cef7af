"""The receipt of a withdrawal, at once and to the address that was typed; and word of it to the shop."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import translation
from django.utils.translation import gettext as _

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.ids import public_id
from merchants.models import Merchant, PortalDomain
from notifications import planning
from notifications.about_shop import format_locale, portal_home
from notifications.models import Message
from notifications.reasons import Reason
from notifications.rendering.catalog import resolve_locale
from notifications.rendering.formats import exact_time
from notifications.touchpoints import TOUCHPOINTS
from returns.withdrawal.models import ChainEntry, Withdrawal
from returns.withdrawal.proof import proof_code
from returns.withdrawal.queries import withdrawals_with_lines
from returns.withdrawal.receipts import receipt_token
from tracking.windows import zone_at

# An address that already had as many receipts within the hour: the page still shows the receipt.
FLOOD = "flood"


# Without `forget`: replaying the log must not write to people again.
@subscribe("notifications.withdrawals", ["withdrawal.declared"], batch=50)
def plan_receipts(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Plan the receipt of each declaration, however late we are: the law knows no "too old"."""
    ids = [fact.data["withdrawal_id"] for fact in facts]
    found = {str(row.pk): row for row in withdrawals_with_lines().filter(pk__in=ids)}
    proofs = dict(
        ChainEntry.objects.filter(withdrawal_id__in=ids, kind="declared").values_list(
            "withdrawal_id", "digest"
        )
    )
    own = PortalDomain.objects.filter(merchant=merchant, verified_at__isnull=False).order_by("verified_at")
    home = portal_home(merchant, own.values_list("host", flat=True).first())
    messages: list[Message] = []
    for fact in facts:
        if (row := found.get(fact.data["withdrawal_id"])) is not None:
            proof = proof_code(bytes(proofs[row.pk]))
            messages.append(_receipt(merchant, row, fact, proof, home))
            messages += _notice(merchant, row, fact, proof)
    planning.store(messages)


def _receipt(merchant: Merchant, row: Withdrawal, fact: RecordedFact, proof: str, home: str) -> Message:
    skip = None if is_address(row.email) else (Reason.INVALID_ADDRESS if row.email else Reason.NO_ADDRESS)
    if FLOOD in row.marks:
        skip = Reason.FLOOD
    message = planning.plan_for_address(
        merchant, row.email, row.locale, TOUCHPOINTS["withdrawal_receipt"],
        moment=str(row.pk), data={}, order_id=fact.order_id, skip=skip,
    )  # fmt: skip
    message.data = {
        "url": f"{home}withdraw/receipt/{receipt_token(row)}/",
        "withdrawal": words(merchant, row, proof, message.locale),
    }
    message.fact_position, message.fact_type = fact.position, fact.type
    return message


def _notice(merchant: Merchant, row: Withdrawal, fact: RecordedFact, proof: str) -> list[Message]:
    if not merchant.support_email:
        return []
    message = planning.plan_for_address(
        merchant, merchant.support_email, merchant.locale, TOUCHPOINTS["withdrawal_notice"],
        moment=str(row.pk), data={}, order_id=fact.order_id,
    )  # fmt: skip
    message.data = {
        "url": settings.PUBLIC_URL + f"/app/{merchant.slug}/withdrawals/{public_id('wdr', row.pk)}/",
        "withdrawal": words(merchant, row, proof, message.locale),
    }
    message.fact_position, message.fact_type = fact.position, fact.type
    return [message]


def words(merchant: Merchant, row: Withdrawal, proof: str, locale: str) -> dict[str, Any]:
    """What was declared, for people, in a language: number, declared_at, name, contract, email, scope, items, text."""
    language = format_locale(locale)
    with translation.override(resolve_locale(language)):
        zone = zone_at(merchant, row.order.country if row.order and row.source == "link" else "")
        return {
            "number": row.number,
            "declared_at": exact_time(row.declared_at, language, zone),
            "name": row.name,
            "contract": row.contract,
            "email": row.email,
            "scope": _("The whole order") if row.is_whole else _("Part of the order"),
            "items": [
                {
                    "title": " · ".join(filter(None, (each.line.title, each.line.variant))),
                    "quantity": each.quantity,
                }
                for each in row.lines.all()
            ],
            "text": row.text,
            "proof": proof,
        }


def is_address(text: str) -> bool:
    """Whether a mail can be sent there, by its form."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
