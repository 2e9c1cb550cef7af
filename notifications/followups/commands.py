"""What a shop says about its products: guides, and how long one unit lasts."""

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from merchants.audit import record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_transaction
from notifications.followups.models import Match, ProductRule, RuleKind

MOST_RULES = 500
_LONGEST_DAYS = 730
_LONGEST_TEXT = 4000


@dataclass(frozen=True)
class RuleIn:
    """A rule as it is said. days: after delivery for a guide or review; for a replenishment how long one unit lasts."""

    kind: RuleKind
    match: Match
    value: str
    days: int
    title: str = ""
    text: str = ""
    url: str = ""


def add_rule(merchant: Merchant, said: RuleIn) -> ProductRule:
    """Keep a rule. But for guides, of the same products it takes the place of the former one.

    Raises Unprocessable without products, for days out of 1 to 730, for a guide that says nothing, for an address
    that is none, and for too many rules.
    """
    value = " ".join(said.value.split())[:255]
    if not value:
        raise Unprocessable("Name the products.", param="value", code="invalid_rule")
    if not 1 <= said.days <= _LONGEST_DAYS:
        raise Unprocessable(f"From 1 to {_LONGEST_DAYS} days.", param="days", code="invalid_rule")
    is_guide = said.kind == RuleKind.GUIDE
    if is_guide and not (said.title.strip() and (said.text.strip() or said.url)):
        raise Unprocessable(
            "A guide needs a title, and a text or a link.", param="title", code="invalid_rule"
        )
    if said.url and not said.url.startswith(("https://", "http://")):
        raise Unprocessable("The link begins with https://.", param="url", code="invalid_rule")
    with merchant_transaction(merchant):
        if ProductRule.objects.count() >= MOST_RULES:
            raise Unprocessable(f"There are {MOST_RULES} rules at most.", code="too_many_rules")
        if not is_guide:
            ProductRule.objects.filter(kind=said.kind, match=said.match, value=value).delete()
        row = ProductRule.objects.create(
            merchant=merchant, kind=said.kind, match=said.match, value=value, days=said.days,
            title=said.title.strip()[:160] if is_guide else "",
            text=said.text.strip()[:_LONGEST_TEXT] if is_guide else "",
            url=said.url[:1000] if is_guide else "", created_at=timezone.now(),
        )  # fmt: skip
        record_change("product_rule.added", public_id("prl", row.pk), f"{said.kind} · {value}")
    return row


def remove_rule(merchant: Merchant, rule_id: UUID | None) -> None:
    """Forget a rule. What it began and has not gone out stays in. Raises NotFound."""
    with merchant_transaction(merchant):
        row = ProductRule.objects.filter(pk=rule_id).first() if rule_id else None
        if row is None:
            raise NotFound("There is no such rule.", param="rule_id")
        row.delete()
        record_change("product_rule.removed", public_id("prl", rule_id), f"{row.kind} · {row.value}")  # type: ignore[arg-type]
