"""Who owns the data: merchants, their portal's looks, their staff and their API keys."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Left
from django.utils import timezone

from merchants.ids import uuid7
from merchants.scope import merchant_manager

SHARDS = 16


def monday_to_friday() -> list[int]:
    """The usual working days."""
    return [0, 1, 2, 3, 4]


class SelfService(models.TextChoices):
    """Until when a shopper may change an order without asking: for so many minutes, or as long as nothing left."""

    OFF = "off"
    MINUTES_15 = "15"
    MINUTES_30 = "30"
    MINUTES_60 = "60"
    HANDOVER = "handover"


class WithdrawalFor(models.TextChoices):
    """Whose consumers may withdraw from their contract on the portal."""

    EU = "eu"
    ALL = "all"
    OFF = "off"


class Merchant(models.Model):
    """One shop. Every other row belongs to one of these."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(unique=True, max_length=63)
    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=200, blank=True)
    postal_address = models.TextField(blank=True, help_text="One line each, for the foot of messages.")
    website = models.URLField(blank=True)
    support_email = models.EmailField(blank=True)
    support_phone = models.CharField(max_length=40, blank=True)
    sender_email = models.EmailField(blank=True, help_text="Empty: the installation's sender.")
    sender_name = models.CharField(max_length=120, blank=True, help_text="Empty: the shop's name.")
    reply_to = models.EmailField(blank=True, help_text="Empty: the support address.")
    locale = models.CharField(max_length=10, default="en", choices=settings.LANGUAGES)
    languages = ArrayField(
        models.CharField(max_length=10),
        default=list,
        blank=True,
        help_text="That shoppers may read; empty: all.",
    )
    country = models.CharField(max_length=2, default="DE", help_text="ISO 3166-1 alpha-2.")
    timezone = models.CharField(max_length=64, default="Europe/Berlin")
    currency = models.CharField(max_length=3, default="EUR", help_text="ISO 4217.")
    imprint_url = models.URLField(blank=True)
    privacy_url = models.URLField(blank=True)
    help_url = models.URLField(blank=True)
    withdraw_url = models.URLField(
        blank=True,
        help_text="The shop's own page for withdrawal from contract; linked while ours is off.",
    )
    withdrawal_for = models.CharField(
        max_length=3,
        choices=WithdrawalFor,
        default=WithdrawalFor.EU,
        db_default=WithdrawalFor.EU.value,
        help_text="Consumers of which countries withdraw on the portal.",
    )
    # The brand: what the portal and the messages look like.
    brand_color = models.CharField(
        max_length=7, default="#0b6b53", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    corner_radius = models.PositiveSmallIntegerField(default=14, help_text="Pixels: 0 to 24.")
    logo = models.BinaryField(null=True, blank=True, help_text="PNG, re-encoded by us.")
    logo_hash = models.GeneratedField(
        expression=Coalesce(
            Left(
                models.Func(
                    models.Func(models.F("logo"), function="sha256"), models.Value("hex"), function="encode"
                ),
                16,
            ),
            models.Value(""),
        ),
        output_field=models.CharField(max_length=16),
        db_persist=True,
    )
    # The simple delivery rule: working days from order to hand-over, and from hand-over to delivery.
    processing_days = models.PositiveSmallIntegerField(default=1)
    transit_days_min = models.PositiveSmallIntegerField(default=1)
    transit_days_max = models.PositiveSmallIntegerField(default=3)
    two_factor_required = models.BooleanField(default=False, help_text="Of everybody in the team.")
    transit_zones = ArrayField(
        models.CharField(max_length=900),
        default=list,
        blank=True,
        help_text="Others for some countries: `AT,CH=2-4`.",
    )
    order_cutoff = models.TimeField(
        null=True, blank=True, help_text="Orders after it are packed a day later."
    )
    working_days = ArrayField(
        models.PositiveSmallIntegerField(),
        default=monday_to_friday,
        help_text="0 is Monday: when parcels are packed.",
    )
    keeps_holidays = models.BooleanField(default=False, help_text="Nothing is packed or delivered on them.")
    region = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="Whose holidays it keeps beside its country's: ISO 3166-2 without the country, `BY`.",
    )
    shares_delivery_times = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Delivery times are learned from, and lent to, the other shops here that agreed to it too.",
    )
    eta_fitted_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When its model of delivery dates was fitted: the model's version. Empty: none.",
    )
    default_carrier = models.CharField(max_length=40, blank=True, help_text="Of parcels that name none.")
    # What shoppers may do by themselves, and what they are told to expect.
    address_change = models.CharField(
        max_length=8,
        choices=SelfService,
        default=SelfService.HANDOVER,
        db_default=SelfService.HANDOVER.value,
        help_text="Until when shoppers may change where an order goes.",
    )
    self_cancel = models.CharField(
        max_length=8,
        choices=SelfService,
        default=SelfService.MINUTES_30,
        db_default=SelfService.MINUTES_30.value,
        help_text="Until when shoppers may cancel an order.",
    )
    case_answer_days = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="Working days until shoppers' cases are answered."
    )
    setup_hidden_at = models.DateTimeField(
        null=True, blank=True, help_text="When the check list was put away."
    )
    push_key = models.CharField(
        max_length=90, blank=True, default="", db_default="",
        help_text="The public half of its VAPID key while the portal offers push; empty: it does not.",
    )  # fmt: skip
    marketing_tools = ArrayField(
        models.CharField(max_length=8), default=list, db_default=[], blank=True,
        help_text="Channels that hand messages over to a tool of the shop's own: those that are set up.",
    )  # fmt: skip
    sandbox_of = models.OneToOneField(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="sandbox",
        help_text="The merchant whose sandbox this is: nothing in it is real.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def is_sandbox(self) -> bool:
        """Whether nothing here is real: no message goes out, no carrier is asked."""
        return self.sandbox_of_id is not None

    @property
    def shard(self) -> int:
        """Which of the log's 16 lines this merchant's facts stand in."""
        return shard_of(self.id)


def shard_of(merchant_id: uuid.UUID) -> int:
    """The shard of a merchant: the last bits of its UUIDv7 are random, so they spread evenly."""
    return merchant_id.int % SHARDS


class MerchantModel(models.Model):
    """Base of every row that a merchant owns: a UUIDv7 key and a manager that needs an open scope."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, db_index=False, related_name="+")

    objects: Any = merchant_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"


class PortalDomain(models.Model):
    """A host name of the merchant's own. It shows the portal once its DNS was seen to be the merchant's.

    Anybody may claim a host; only one claim is ever verified, by a TXT record that only the host's owner can make.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="domains")
    host = models.CharField(max_length=253)
    token = models.CharField(max_length=40, help_text="What the TXT record has to say.")
    created_at = models.DateTimeField(auto_now_add=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=40, blank=True, help_text="Why the last look was not good.")
    seen = models.CharField(max_length=300, blank=True, help_text="What DNS said instead.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "host"], name="one_claim_a_host"),
            models.UniqueConstraint(
                fields=["host"], condition=models.Q(verified_at__isnull=False), name="one_owner_a_host"
            ),
        ]

    def __str__(self) -> str:
        return self.host


class Role(models.TextChoices):
    OWNER = "owner"
    MANAGER = "manager"
    SUPPORT = "support"
    ANALYST = "analyst"
    WAREHOUSE = "warehouse"


class Membership(models.Model):
    """A person of the merchant's team. The only road from a signed-in user to a merchant."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.MANAGER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "merchant"], name="one_membership_a_merchant")]


class ApiKey(models.Model):
    """A key of a shop's backend. Shown once; stored as SHA-256; the prefix stays readable."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    digest = models.BinaryField(unique=True, max_length=32)
    scopes = ArrayField(models.CharField(max_length=32))
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class IdempotencyKey(MerchantModel):
    """The answer that a request with an `Idempotency-Key` got, to be given again for 24 hours."""

    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "route", "key"], name="one_answer_a_key"),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]


class ActorKind(models.TextChoices):
    PERSON = "person"
    KEY = "key"
    SYSTEM = "system"
    SHOPPER = "shopper"
    BRANCH = "branch"  # whoever opened a branch's counter with its PIN


class AuditEntry(MerchantModel):
    """A change of the merchant's settings, keys, team or shops: by whom, when, what it was and what it is."""

    occurred_at = models.DateTimeField(default=timezone.now)
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor_id = models.CharField(max_length=40, blank=True)
    actor = models.CharField(max_length=254, blank=True)  # The name as it was then.
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=64, blank=True)  # The object's public id.
    label = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict)  # {field: [old, new]}

    class Meta(MerchantModel.Meta):
        indexes = [
            models.Index(fields=["merchant", "-occurred_at", "-id"], name="audit_newest"),
            models.Index(fields=["merchant", "subject"], condition=~Q(subject=""), name="audit_of_subject"),
        ]


class Attempt(models.Model):
    """How often something was tried in a time window: the counter behind every throttle."""

    key = models.CharField(primary_key=True, max_length=64)  # A hash: no address is stored.
    window_ends_at = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField()
