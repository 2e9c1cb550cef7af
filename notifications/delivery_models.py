"""What became of messages after they were handed over, and whom nothing is sent to any more."""

from django.db import models

from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from notifications.choices import Channel


class EventKind(models.TextChoices):
    """What a provider told about a message, in anymail's words (`anymail.signals.EventType`)."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    FAILED = "failed"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    OPENED = "opened"
    CLICKED = "clicked"


class Outcome(models.TextChoices):
    """What became of a sent message as far as its provider told. `settled` says which word stays."""

    UNKNOWN = ""
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    COMPLAINED = "complained"


class MessageEvent(MerchantModel):
    """One thing that a provider told about a message. Never changed."""

    message = MerchantForeignKey("notifications.Message", related_name="events")
    kind = models.CharField(max_length=12, choices=EventKind)
    key = models.BinaryField(
        max_length=16, help_text="Hash of what makes it this event: a repeat is dropped."
    )
    detail = models.CharField(max_length=500, blank=True, help_text="In the provider's words.")
    provider = models.CharField(max_length=60)
    occurred_at = models.DateTimeField(help_text="By the provider's clock.")
    received_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "message", "key"], name="one_message_event"),
        ]


class SuppressionReason(models.TextChoices):
    """Why nothing is sent to an address. Part of the public API: add, never rename."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    MANUAL = "manual"


class Suppression(MerchantModel):
    """An address that the merchant does not write to any more. `digest` stays when the address is erased."""

    channel = models.CharField(max_length=8, choices=Channel)
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of channel and address.")
    address = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=12, choices=SuppressionReason)
    detail = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "channel", "digest"], name="one_suppression"),
        ]
        indexes = [models.Index(fields=["merchant", "-created_at", "-id"], name="suppressions_newest")]


class StoppedNumber(models.Model):
    """A telephone that answered STOP.

    It stops the sender's number and not one shop's messages: merchants share the installation's number, and the
    carriers hold whoever goes on (CTIA, Messaging Principles and Best Practices, 5.1.3). So it is no merchant's row.
    """

    digest = models.BinaryField(primary_key=True, max_length=32, help_text="SHA-256 of the number.")
    stopped_at = models.DateTimeField()

    def __str__(self) -> str:
        return "a telephone that answered STOP"
