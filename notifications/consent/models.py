"""The consent ledger: who agreed to what, when, in which words, and how we know. Only ever added to."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from merchants.models import MerchantModel
from notifications.choices import Channel
from notifications.consent.choices import RECORDED, ConsentState


class ConsentEntry(MerchantModel):
    """One thing that was said about one address. Never changed; erasing empties what names a person.

    Where an address stands is derived from its entries (`consent.standing`).
    """

    channel = models.CharField(max_length=8, choices=Channel)
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of channel and address: stays when erased.")
    address = models.CharField(max_length=254, blank=True)
    topic = models.CharField(max_length=40, blank=True, help_text="Empty: every topic.")
    state = models.CharField(max_length=10, choices=ConsentState)
    basis = models.CharField(max_length=20, blank=True, choices=[(b.value, b.label) for b in RECORDED])
    wording = models.TextField(blank=True, help_text="What the person read, word for word.")
    wording_version = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=40, help_text="checkout, preference_centre, one_click …")
    country = models.CharField(max_length=2, blank=True)
    locale = models.CharField(max_length=10, blank=True)
    # Proof: where it was said, and from which connection (keyed hash: compared with, not read back).
    ip_digest = models.BinaryField(max_length=32, null=True)
    url = models.CharField(max_length=1000, blank=True)
    proof = models.JSONField(default=dict, help_text="Ids and times: the order, the message, the request.")
    request_id = models.UUIDField(null=True, help_text="The entry `requested` that this one confirms.")
    once_key = models.BinaryField(max_length=32, null=True, help_text="What makes it this entry: once only.")
    occurred_at = models.DateTimeField(help_text="When it was said.")
    recorded_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "once_key"], name="one_consent_entry"),
            models.CheckConstraint(
                condition=(~Q(state__in=["given", "requested"]) | ~Q(basis=""))
                & (~Q(state__in=["withdrawn", "objected"]) | Q(basis="")),
                name="consent_basis_when_given",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "digest", "occurred_at", "id"], name="consent_of_address"),
            models.Index(fields=["merchant", "-recorded_at", "-id"], name="consent_newest"),
            # Which shops a telephone that says STOP agreed with: they share the sender's number.
            models.Index(fields=["digest"], condition=Q(channel="sms"), name="consent_of_number"),
        ]


class Preference(MerchantModel):
    """How somebody wants to be written to, whatever it is about: their language, and when not."""

    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the e-mail address.")
    address = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10, blank=True, help_text="Empty: the order's.")
    quiet_from = models.TimeField(null=True, help_text="Of their day. Both or neither.")
    quiet_to = models.TimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "digest"], name="one_preference_an_address"),
        ]


class MessageRules(MerchantModel):
    """A merchant's rules for all its messages; without a row those that `consent.rules` has."""

    quiet = models.JSONField(default=dict, help_text='Channel → ["21:00", "08:00"], of the shopper\'s day.')
    caps = models.JSONField(default=dict, help_text="Class → [messages, days].")
    streams = models.JSONField(default=dict, help_text='Stream → {"email": …, "name": …}.')
    topics = ArrayField(models.CharField(max_length=40), default=list, help_text="Shown; empty: all.")
    notice = models.TextField(blank=True, help_text="§7(3) UWG: what the checkout says. Empty: nothing.")
    notice_version = models.PositiveIntegerField(default=0)
    notice_since = models.DateTimeField(null=True)
    review_url = models.CharField(
        max_length=1000, blank=True, help_text="The shop's page for reviews (`pages`)."
    )
    survey_url = models.CharField(
        max_length=1000, blank=True, help_text="The shop's page for surveys (`pages`)."
    )
    updated_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant"], name="one_row_of_message_rules")]
