"""Withdrawals from contract: what was declared and when, what became of it, and the chain that proves both."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import Order, OrderLine


class Status(models.TextChoices):
    """How far a withdrawal is (`steps.MOVES`). A declaration is effective from `declared_at`, whatever stands here."""

    UNMATCHED = "unmatched"  # the team has to find the order
    OPEN = "open"  # the order is known; what was paid has to go back
    COMPLETED = "completed"
    SET_ASIDE = "set_aside"  # a person decided that there is nothing to refund, and said why


class Source(models.TextChoices):
    """Where it was declared."""

    LINK = "link"  # from the order's own link, which proves the order
    FORM = "form"  # anybody, by name, order number and e-mail address
    API = "api"
    TEAM = "team"  # came by letter, telephone, mail


class Exemption(models.TextChoices):
    """Why goods may be exempt from the right (Directive 2011/83/EU, Article 16)."""

    CUSTOM_MADE = "custom_made"
    SEALED_HYGIENE = "sealed_hygiene"
    PERISHABLE = "perishable"
    DIGITAL = "digital"


class Withdrawal(DueRow):
    """One declaration. What was typed never changes. `due_at`: when the team is reminded of the refund."""

    number = models.CharField(max_length=16, help_text="What the receipt calls it: W-7KQ2M9PX.")
    receipt_digest = models.BinaryField(
        max_length=32, help_text="SHA-256 of the token of the receipt's page."
    )
    source = models.CharField(max_length=4, choices=Source)
    # What was declared, as it was typed.
    declared_at = models.DateTimeField(
        help_text="When the request came in: before any look-up, check or limit."
    )
    name = models.CharField(max_length=200, blank=True)
    contract = models.CharField(max_length=200, blank=True, help_text="The order, in the consumer's words.")
    email = models.CharField(max_length=254, blank=True, help_text="Where the receipt goes.")
    text = models.TextField(blank=True)
    is_whole = models.BooleanField(default=True, help_text="Of the whole order; else of its lines.")
    locale = models.CharField(max_length=10, blank=True)
    marks = ArrayField(
        models.CharField(max_length=16),
        default=list,
        help_text="What made it look suspicious: a hint, no more.",
    )
    # What became of it.
    order = MerchantForeignKey(Order, null=True, related_name="withdrawals")
    status = models.CharField(max_length=10, choices=Status)
    finding = models.CharField(max_length=16, blank=True, help_text="`clock.Finding`, for the team.")
    window_ends_at = models.DateTimeField(null=True, help_text="As known when matched. Empty: it was open.")
    refund_due_at = models.DateTimeField(help_text="14 days from the declaration.")
    goods_back_at = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(
        null=True, help_text="When the consumer proved to have sent the goods."
    )
    refund_id = models.UUIDField(null=True, help_text="`returns.money`'s refund.")
    matched_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    set_aside_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "number"], name="one_withdrawal_a_number"),
            models.UniqueConstraint(fields=["merchant", "receipt_digest"], name="one_withdrawal_a_receipt"),
        ]
        indexes = [
            due_index("withdrawals_due"),
            models.Index(fields=["merchant", "-created_at", "-id"], name="withdrawals_newest"),
            models.Index(fields=["merchant", "status", "refund_due_at"], name="withdrawals_by_status"),
            models.Index(
                fields=["merchant", "order"], condition=Q(order__isnull=False), name="withdrawals_of_order"
            ),
        ]


class WithdrawalLine(MerchantModel):
    """Goods that a withdrawal is of, when it is not of the whole order."""

    withdrawal = MerchantForeignKey(Withdrawal, related_name="lines")
    line = MerchantForeignKey(OrderLine, related_name="withdrawals")
    quantity = models.PositiveIntegerField(default=1)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "withdrawal", "line"], name="one_row_a_withdrawn_line"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="withdrawn_quantity_positive"),
        ]


class ChainHead(MerchantModel):
    """The end of a merchant's chain: whoever appends holds this row."""

    sequence = models.BigIntegerField(default=0)
    digest = models.BinaryField(max_length=32)

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant"], name="one_chain_a_merchant")]


class ChainEntry(MerchantModel):
    """One link of the chain: what happened to a withdrawal. The database refuses to change it.

    `digest` covers the link before, the header and the hash of the salted content: so the chain can be shown without
    anybody's content, and the content of one link without the others'.
    """

    withdrawal = MerchantForeignKey(Withdrawal, related_name="chain")
    sequence = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    recorded_at = models.DateTimeField()
    content = models.TextField(help_text="Canonical JSON.")
    salt = models.BinaryField(max_length=16)
    content_digest = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "sequence"], name="one_link_a_place")]
        indexes = [models.Index(fields=["merchant", "withdrawal", "sequence"], name="links_of_withdrawal")]


class LineExemption(MerchantModel):
    """Goods of an order that are exempt, by the shop's word (API or dashboard)."""

    line = MerchantForeignKey(OrderLine, related_name="exemptions")
    exemption = models.CharField(max_length=16, choices=Exemption)
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "line"], name="one_exemption_a_line")]


class Rules(MerchantModel):
    """What a shop says about withdrawals. Without a row: informed, 14 days, no exempt tag, business tags as below."""

    informs = models.BooleanField(
        default=True, help_text="Its shoppers are told of the right; else they have 12 months more."
    )
    days = models.PositiveSmallIntegerField(
        default=14, help_text="From the last delivery: the law's 14, or more."
    )
    exempt_tags = models.JSONField(default=dict, help_text="Tag of a product → `Exemption`.")
    business_tags = ArrayField(models.CharField(max_length=60), default=list)
    standard_shipping = models.DecimalField(
        max_digits=14, decimal_places=4, null=True,
        help_text="The most that is refunded of what was paid for the way to the consumer. Empty: all of it.",
    )  # fmt: skip
    offers_labels = models.BooleanField(
        default=True,
        help_text="At the shop's cost, where a maker is set up. Else consumers send it themselves.",
    )
    updated_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant"], name="one_rules_of_withdrawal"),
            models.CheckConstraint(condition=Q(days__gte=14), name="not_less_than_the_law"),
        ]
