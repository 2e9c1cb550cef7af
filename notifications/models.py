"""Messages: what was planned, what went out, what did not and why; merchants' own wording.

What became of them is in `notifications.delivery_models`.
"""

from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from notifications.choices import Channel as Channel
from notifications.choices import MessageClass as MessageClass
from notifications.delivery_models import EventKind as EventKind
from notifications.delivery_models import MessageEvent as MessageEvent
from notifications.delivery_models import Outcome as Outcome
from notifications.delivery_models import StoppedNumber as StoppedNumber
from notifications.delivery_models import Suppression as Suppression
from notifications.delivery_models import SuppressionReason as SuppressionReason
from notifications.own_models import MessagePicture as MessagePicture
from notifications.own_models import TouchpointVersion as TouchpointVersion
from notifications.own_models import WordsVersion as WordsVersion
from orders.models import Customer, Order


class MessageState(models.TextChoices):
    """planned → sending → sent | failed | skipped; sending → planned when it can be tried again."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class Message(DueRow):
    """One message to one person about one moment. `due_at` says when it goes out.

    It is about an order, or about nothing but the customer (a campaign, a birthday): then `order` is empty. `customer`
    is who it goes to, in both cases; empty for an order of nobody whom we know.
    """

    order = MerchantForeignKey(Order, null=True, related_name="messages")
    customer = MerchantForeignKey(Customer, on_delete=models.SET_NULL, null=True, related_name="messages")
    shipment_id = models.UUIDField(null=True)
    campaign_id = models.UUIDField(null=True, help_text="The campaign that it belongs to.")
    touchpoint = models.CharField(max_length=60)
    message_class = models.CharField(max_length=14, choices=MessageClass)
    channel = models.CharField(max_length=8, choices=Channel)
    recipient = models.CharField(max_length=254)
    locale = models.CharField(max_length=10)
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.PLANNED)
    reason = models.CharField(max_length=40, blank=True, help_text="Code of why it was not sent.")
    once_key = models.BinaryField(
        max_length=32, help_text="Hash of (order or customer, parcel, moment, channel, recipient)."
    )
    message_id = models.CharField(
        max_length=200, blank=True, help_text="The Message-ID header: the same at every try."
    )
    fact_position = models.BigIntegerField(null=True, help_text="The fact that it is about.")
    fact_type = models.CharField(max_length=60, blank=True)
    data = models.JSONField(
        default=dict, db_default={}, help_text="What its words speak of besides the order: products, a guide."
    )
    plan = models.JSONField(
        default=dict, db_default={},
        help_text="Why and how it was planned: version, conditions, clock, channels left (`planner`).",
    )  # fmt: skip
    subject = models.CharField(max_length=400, blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    provider = models.CharField(max_length=60, blank=True)
    provider_reference = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
    planned_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=12, choices=Outcome, blank=True, default="", db_default="",
        help_text="What became of it after it was sent, as far as the provider told.",
    )  # fmt: skip
    holdout_percent = models.SmallIntegerField(
        default=0, db_default=0, help_text="How many of a hundred were held out when it was decided on."
    )

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "once_key"], name="one_message_a_moment"),
        ]
        indexes = [
            due_index("messages_due"),
            models.Index(fields=["merchant", "-planned_at", "-id"], name="messages_newest"),
            models.Index(fields=["merchant", "state", "-planned_at", "-id"], name="messages_by_state"),
            models.Index(
                fields=["merchant", "order"], condition=Q(order__isnull=False), name="messages_of_order"
            ),
            models.Index(
                fields=["merchant", "customer", "-planned_at"],
                condition=Q(customer__isnull=False),
                name="messages_of_customer",
            ),
            models.Index(
                fields=["merchant", "campaign_id", "state"],
                condition=Q(campaign_id__isnull=False),
                name="messages_of_campaign",
            ),
            # The log's search (the beginning of an address, whatever the database's collation) and its filters.
            models.Index(
                fields=["merchant", "recipient"],
                opclasses=["uuid_ops", "varchar_pattern_ops"],
                name="messages_by_recipient",
            ),
            models.Index(fields=["merchant", "touchpoint", "channel"], name="messages_by_kind"),
        ]


class MessageTemplate(MerchantModel):
    """A merchant's own wording of a touchpoint: MJML and Liquid as written, and the HTML compiled at saving."""

    touchpoint = models.CharField(max_length=60)
    locale = models.CharField(max_length=10)
    channel = models.CharField(max_length=8, choices=Channel)
    subject = models.CharField(max_length=400, blank=True)
    source = models.TextField()
    compiled = models.TextField()
    text = models.TextField(blank=True)
    saved_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "touchpoint", "locale", "channel"], name="one_template_a_touchpoint"
            ),
        ]


# Found here by Django.
from notifications.dry_run.models import DryRun  # noqa: E402, F401
from notifications.flows.models import Flow, FlowRun, FlowStep, FlowVersion  # noqa: E402, F401
