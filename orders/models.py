"""Customers, products, orders and their lines. The shops' side is in `orders.shop_models`."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.shop_models import InboxItem as InboxItem
from orders.shop_models import InboxState as InboxState
from orders.shop_models import PrivacyKind as PrivacyKind
from orders.shop_models import PrivacyRequest as PrivacyRequest
from orders.shop_models import PrivacyState as PrivacyState
from orders.shop_models import PullKind as PullKind
from orders.shop_models import PullState as PullState
from orders.shop_models import ShopConnection as ShopConnection
from orders.shop_models import ShopKind as ShopKind
from orders.shop_models import ShopPull as ShopPull


class Customer(MerchantModel):
    """A person who buys. One row an e-mail address; without an address, one a shop's customer id."""

    external_id = models.CharField(max_length=191, blank=True)
    email = models.CharField(max_length=254, blank=True, help_text="Lower case.")
    first_name = models.CharField(max_length=120, blank=True)
    last_name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40, blank=True, help_text="E.164 where it could be read.")
    locale = models.CharField(max_length=10, blank=True)
    birthday = models.DateField(null=True, help_text="The year counts for nothing: 1904 where it is unknown.")
    tags = ArrayField(
        models.CharField(max_length=40), default=list, db_default=[], help_text="The shop's own words."
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "email"], condition=~Q(email=""), name="one_customer_an_address"
            ),
            models.UniqueConstraint(
                fields=["merchant", "external_id"],
                condition=Q(email="") & ~Q(external_id=""),
                name="one_customer_without_an_address",
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant", "external_id"], condition=~Q(external_id=""), name="customer_ext"
            ),
            models.Index(fields=["merchant", "-created_at", "-id"], name="customers_newest"),
        ]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class OrderStatus(models.TextChoices):
    """Is the order still wanted? `orders.commands` moves it: placed → cancelled, nothing else."""

    PLACED = "placed"
    CANCELLED = "cancelled"


class Stage(models.TextChoices):
    """Where the order stands for the people who look after it. Derived from its lines and parcels."""

    TO_SHIP = "to_ship"
    PARTLY_SHIPPED = "partly_shipped"
    IN_TRANSIT = "in_transit"
    ATTENTION = "attention"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class Order(MerchantModel):
    """What a customer bought, as the shop told us. `external_id` is what the shop calls it."""

    external_id = models.CharField(max_length=191)
    number = models.CharField(max_length=64, help_text="What people read and type: #1042.")
    lookup_number = models.CharField(max_length=64, help_text="The number without signs, lower case.")
    customer = MerchantForeignKey(Customer, on_delete=models.SET_NULL, null=True, related_name="orders")
    status = models.CharField(max_length=12, choices=OrderStatus, default=OrderStatus.PLACED)
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.TO_SHIP)
    placed_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    # How to reach the shopper about this order.
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    sms_consent = models.BooleanField(default=False, help_text="May be sent text messages on this order.")
    first_name = models.CharField(max_length=120, blank=True)
    last_name = models.CharField(max_length=120, blank=True)
    locale = models.CharField(max_length=10, blank=True)
    # Where it goes.
    shipping_address = models.JSONField(default=dict)
    city = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    # What it costs.
    currency = models.CharField(max_length=3)
    subtotal = models.DecimalField(max_digits=14, decimal_places=4)
    shipping = models.DecimalField(max_digits=14, decimal_places=4)
    tax = models.DecimalField(max_digits=14, decimal_places=4)
    discount = models.DecimalField(max_digits=14, decimal_places=4)
    total = models.DecimalField(max_digits=14, decimal_places=4)
    refunded = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(0), db_default=0)
    # When it was promised, at purchase.
    promised_from = models.DateField(null=True)
    promised_to = models.DateField(null=True)
    source = models.CharField(max_length=32, default="api")
    source_updated_at = models.DateTimeField(null=True, help_text="The shop's clock: older news is ignored.")
    raw = models.JSONField(default=dict, help_text="What the shop sent that we have no column for.")
    # The link in messages: a token derived from the secret key, stored as SHA-256 only.
    link_digest = models.BinaryField(max_length=32)
    link_version = models.PositiveSmallIntegerField(default=1)
    link_expires_at = models.DateTimeField()
    tags = ArrayField(
        models.CharField(max_length=40), default=list, db_default=[], help_text="The team's own words."
    )
    search = SearchVectorField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "external_id"], name="one_order_an_external_id"),
            models.UniqueConstraint(fields=["merchant", "link_digest"], name="one_order_a_link"),
            models.CheckConstraint(condition=Q(total__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(condition=Q(refunded__gte=0), name="order_refunded_not_negative"),
        ]
        indexes = [
            models.Index(fields=["merchant", "-placed_at", "-id"], name="orders_newest"),
            models.Index(fields=["merchant", "stage", "-placed_at", "-id"], name="orders_by_stage"),
            models.Index(fields=["merchant", "lookup_number"], name="orders_lookup"),
            models.Index(fields=["merchant", "customer", "-placed_at"], name="orders_of_customer"),
            models.Index(fields=["merchant", "country", "-placed_at", "-id"], name="orders_by_country"),
            GinIndex(fields=["search"], name="orders_search"),
            # Most orders have no tag, and a new one never has: they cost nothing here.
            GinIndex(fields=["tags"], condition=~Q(tags=[]), name="orders_by_tag"),
        ]

    @cached_property
    def region(self) -> str:
        """The region of the address as the shop writes it: a name, a code, or nothing."""
        return self.shipping_address.get("region") or ""


class OrderLine(MerchantModel):
    """One product of an order: a snapshot of what was sold, with how much of it was shipped."""

    order = MerchantForeignKey(Order, related_name="lines")
    external_id = models.CharField(max_length=191)
    position = models.PositiveSmallIntegerField()
    sku = models.CharField(max_length=191, blank=True)
    title = models.CharField(max_length=500)
    variant = models.CharField(max_length=300, blank=True)
    quantity = models.PositiveIntegerField()
    shipped_quantity = models.PositiveIntegerField(default=0)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4)
    image_url = models.CharField(max_length=1000, blank=True)
    requires_shipping = models.BooleanField(default=True)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "order", "external_id"], name="one_line_an_external_id"
            ),
            # A quantity of 0 is a line that the shop took out of the order after it was placed.
            models.CheckConstraint(
                condition=Q(shipped_quantity__lte=F("quantity")), name="not_more_shipped_than_ordered"
            ),
        ]
        ordering = ["position"]


class Refund(MerchantModel):
    """Money that the shop gave back for an order, once a refund."""

    order = MerchantForeignKey(Order, related_name="refunds")
    external_id = models.CharField(max_length=191)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=500, blank=True)
    lines = models.JSONField(default=dict, help_text="What the shop calls the line → quantity.")
    refunded_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "order", "external_id"], name="one_refund_an_external_id"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="refund_not_negative"),
        ]


class AddressChange(MerchantModel):
    """Another address for an order that was placed: what it was, what it is, and who changed it."""

    order = MerchantForeignKey(Order, related_name="address_changes")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    by = models.CharField(max_length=8, help_text="A kind of actor: shopper, person …")
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "order", "-created_at"], name="address_changes_of_order")]


class OrderNote(MerchantModel):
    """What somebody of the team wrote down about an order. Shoppers never see it."""

    order = MerchantForeignKey(Order, related_name="notes")
    text = models.TextField()
    author = models.CharField(max_length=254, blank=True, help_text="Their address, as it was then.")
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "order", "-created_at"], name="notes_of_order")]


class Fulfilment(MerchantModel):
    """What a shop system last said about one of its fulfilments, so that only changes become facts."""

    order = MerchantForeignKey(Order, related_name="fulfilments")
    external_id = models.CharField(max_length=191)
    source_updated_at = models.DateTimeField(null=True, help_text="The shop's clock: older news is ignored.")
    digest = models.BinaryField(max_length=32, help_text="Hash of what was last recorded about it.")
    parcels = models.PositiveSmallIntegerField(help_text="How many parcels it was reported with.")
    raw = models.JSONField(default=dict, help_text="As the shop sent it.")

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "order", "external_id"], name="one_fulfilment_an_external_id"
            ),
        ]


class ProductStatus(models.TextChoices):
    ACTIVE = "active"
    DRAFT = "draft"
    ARCHIVED = "archived"


class Product(MerchantModel):
    """What a shop sells, as it last told us. What an order sold is a snapshot in its lines."""

    external_id = models.CharField(max_length=191)
    title = models.CharField(max_length=500)
    handle = models.CharField(max_length=255, blank=True, help_text="Its name in the shop's addresses.")
    url = models.CharField(max_length=1000, blank=True)
    image_url = models.CharField(max_length=1000, blank=True)
    product_type = models.CharField(max_length=255, blank=True)
    tags = ArrayField(models.CharField(max_length=255), default=list)
    status = models.CharField(max_length=16, choices=ProductStatus, default=ProductStatus.ACTIVE)
    source = models.CharField(max_length=32, default="api")
    source_updated_at = models.DateTimeField(null=True, help_text="The shop's clock: older news is ignored.")
    raw = models.JSONField(default=dict, help_text="What the shop sent that we have no column for.")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "external_id"], name="one_product_an_external_id"),
        ]
        indexes = [models.Index(fields=["merchant", "-created_at", "-id"], name="products_newest")]


class Variant(MerchantModel):
    """One form of a product that can be bought: a size, a colour. A product without choices has one."""

    product = MerchantForeignKey(Product, related_name="variants")
    external_id = models.CharField(max_length=191)
    position = models.PositiveSmallIntegerField(default=1)
    sku = models.CharField(max_length=191, blank=True)
    title = models.CharField(max_length=300, blank=True)
    price = models.DecimalField(max_digits=14, decimal_places=4)
    currency = models.CharField(max_length=3)
    inventory_quantity = models.IntegerField(null=True, help_text="Empty: the shop does not count it.")
    image_url = models.CharField(max_length=1000, blank=True)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "external_id"], name="one_variant_an_external_id"),
        ]
        indexes = [
            models.Index(fields=["merchant", "product", "position"], name="variants_of_product"),
            models.Index(fields=["merchant", "sku"], condition=~Q(sku=""), name="variants_by_sku"),
        ]
        ordering = ["position"]
