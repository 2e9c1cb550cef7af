"""Webhook endpoints of merchants, what has to be delivered to them, and every try with its answer."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import EncryptedTextField, MerchantForeignKey
from merchants.models import MerchantModel


class EndpointState(models.TextChoices):
    """active ⇄ paused (by people) · active | paused → disabled (by us) → active (by people)."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class Endpoint(MerchantModel):
    """An address of a shop's backend that is told what happens."""

    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=120, blank=True)
    types = ArrayField(models.CharField(max_length=60), default=list, help_text="Empty: every type.")
    headers = EncryptedTextField(
        default="{}", help_text="JSON of its own headers: they may carry a password."
    )
    secret = EncryptedTextField()
    old_secret = EncryptedTextField(blank=True)
    old_secret_until = models.DateTimeField(null=True, help_text="Until then both secrets sign.")
    state = models.CharField(max_length=8, choices=EndpointState, default=EndpointState.ACTIVE)
    disabled_reason = models.CharField(max_length=20, blank=True)
    not_before = models.DateTimeField(null=True, help_text="It asked to be left alone until then.")
    # Since when nothing but failures came back; empty after every success.
    failing_since = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "-created_at", "-id"], name="webhook_endpoints_newest")]


class DeliveryState(models.TextChoices):
    """pending → delivered | failed (with a reason) → pending again when people resend it. Pending has a `due_at`."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(DueRow):
    """One fact that one endpoint is told. `attempts` counts claims, `tries` those that came to an answer."""

    endpoint = MerchantForeignKey(Endpoint, related_name="deliveries")
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.PENDING)
    reason = models.CharField(max_length=20, blank=True, help_text="Code of what went wrong at the last try.")
    is_test = models.BooleanField(default=False)
    position = models.BigIntegerField(default=0, help_text="The fact's place in the log; 0 for a test.")
    type = models.CharField(max_length=60)
    lane = models.UUIDField(null=True, help_text="The object it is about: its deliveries keep their order.")
    happened_at = models.DateTimeField(help_text="When the fact was recorded.")
    planned_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_tried_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "endpoint", "position"],
                condition=Q(is_test=False),
                name="one_delivery_a_fact",
            ),
        ]
        indexes = [
            due_index("webhook_deliveries_due"),
            # The two that a claim reads: what is due for an endpoint, and whether something earlier of its object is.
            models.Index(
                fields=["merchant", "endpoint", "due_at"],
                condition=Q(due_at__isnull=False),
                name="webhook_deliveries_waiting",
            ),
            models.Index(
                fields=["merchant", "endpoint", "lane", "position"],
                condition=Q(due_at__isnull=False, lane__isnull=False),
                name="webhook_deliveries_in_lane",
            ),
            models.Index(fields=["merchant", "-planned_at", "-id"], name="webhook_deliveries_newest"),
            models.Index(
                fields=["merchant", "endpoint", "-planned_at", "-id"], name="webhook_deliveries_of_endpoint"
            ),
            models.Index(
                fields=["merchant", "state", "-planned_at", "-id"], name="webhook_deliveries_by_state"
            ),
            models.Index(fields=["planned_at"], name="webhook_deliveries_age"),
        ]


class DeliveryAttempt(MerchantModel):
    """One try: what was sent beside the body, and what came back."""

    delivery = MerchantForeignKey(Delivery, related_name="tried")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    request_headers = models.JSONField(
        default=dict, help_text="Without the values of the endpoint's own headers."
    )
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty when no answer came.")
    answer = models.TextField(blank=True, help_text="The beginning of the answer's body.")
    error = models.CharField(max_length=500, blank=True)

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "delivery", "started_at"], name="webhook_attempts_of")]
