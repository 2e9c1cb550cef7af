"""The shops that are connected: their secrets, what they sent us, what we fetch, what they ask us to tell or erase."""

from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import EncryptedTextField, MerchantForeignKey
from merchants.ids import public_id
from merchants.models import MerchantModel


class ShopKind(models.TextChoices):
    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"
    GENERIC = "generic"


class ShopConnection(MerchantModel):
    """A shop system that sends us webhooks, and the secrets it signs them with (two while rotating)."""

    kind = models.CharField(max_length=32, choices=ShopKind)
    name = models.CharField(max_length=120, blank=True, help_text="What the team calls it.")
    address = models.CharField(
        max_length=255, blank=True, help_text="Where its API is: a host or an address."
    )
    secret = EncryptedTextField()
    old_secret = EncryptedTextField(blank=True)
    credentials = EncryptedTextField(blank=True, help_text="JSON: what its API wants to see of us.")
    options = models.JSONField(default=dict, help_text="A generic shop's headers and mapping.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "kind"],
                condition=~Q(kind=ShopKind.GENERIC),
                name="one_connection_a_kind",
            )
        ]

    @property
    def source(self) -> str:
        """What its webhooks and orders are marked with. A generic shop's own id: a merchant may have several."""
        return public_id("con", self.id) if self.kind == ShopKind.GENERIC else self.kind


class PullKind(models.TextChoices):
    ORDERS = "orders"
    CUSTOMERS = "customers"
    PRODUCTS = "products"


class PullState(models.TextChoices):
    """running → done | failed | stopped; a failed or stopped one may be continued where it stood."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class ShopPull(DueRow):
    """Fetching what a shop has: page by page, going on from `cursor` whatever happens in between."""

    connection = MerchantForeignKey(ShopConnection, related_name="pulls")
    kind = models.CharField(max_length=12, choices=PullKind)
    state = models.CharField(max_length=8, choices=PullState, default=PullState.RUNNING)
    cursor = models.TextField(blank=True, help_text="Where the next page begins.")
    page_size = models.PositiveSmallIntegerField(default=0, help_text="0: the connector's own.")
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0, help_text="What could not be stored.")
    total = models.PositiveIntegerField(null=True, help_text="As the shop said; empty until it did.")
    error = models.TextField(blank=True, help_text="Why it waits or failed; on a done one: the last refusal.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "connection", "kind"],
                condition=Q(state="running"),
                name="one_running_pull_a_kind",
            )
        ]
        indexes = [
            due_index("pulls_due"),
            models.Index(fields=["merchant", "connection", "-started_at"], name="pulls_of_connection"),
        ]


class PrivacyKind(models.TextChoices):
    CUSTOMER_DATA = "customer_data"
    CUSTOMER_ERASURE = "customer_erasure"
    SHOP_ERASURE = "shop_erasure"


class PrivacyState(models.TextChoices):
    OPEN = "open"
    DONE = "done"


class PrivacyRequest(MerchantModel):
    """Somebody wants to know, or to have erased, what is stored about them: to be answered within 30 days."""

    kind = models.CharField(max_length=20, choices=PrivacyKind)
    subject = models.CharField(max_length=254, help_text="Whom it is about: an address, an id or a shop.")
    details = models.JSONField(default=dict, help_text="As it was asked.")
    source = models.CharField(max_length=32)
    state = models.CharField(max_length=8, choices=PrivacyState, default=PrivacyState.OPEN)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "kind", "subject"], condition=Q(state="open"), name="one_open_request"
            )
        ]
        indexes = [models.Index(fields=["merchant", "-received_at", "-id"], name="privacy_newest")]


class InboxState(models.TextChoices):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class InboxItem(DueRow):
    """A webhook as it came in: stored before anything else is done with it, worked off as due work."""

    source = models.CharField(max_length=32)
    external_id = models.CharField(
        max_length=191, help_text="The sender's own id: a second delivery is dropped."
    )
    topic = models.CharField(max_length=64)
    body = models.BinaryField()
    state = models.CharField(max_length=8, choices=InboxState, default=InboxState.WAITING)
    error = models.TextField(blank=True, help_text="Why it failed or waits; on a done one: what was special.")
    received_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "source", "external_id"], name="one_item_a_delivery"),
        ]
        indexes = [
            due_index("inbox_due"),
            models.Index(fields=["merchant", "state", "-received_at"], name="inbox_by_state"),
            models.Index(fields=["merchant", "source", "-received_at"], name="inbox_by_source"),
            models.Index(fields=["received_at"], name="inbox_by_age"),
        ]
