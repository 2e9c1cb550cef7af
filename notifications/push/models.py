"""The shop's key pair, and the devices that asked to be told about an order."""

from django.db import models

from merchants.fields import EncryptedTextField, MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import Order


class PushKey(MerchantModel):
    """The shop's VAPID pair (RFC 8292), made once: a browser takes messages of no other key than it agreed to.

    The public half also stands in `Merchant.push_key` while push is switched on.
    """

    public = models.CharField(max_length=90, help_text="The point, uncompressed, in base64url.")
    private = EncryptedTextField(help_text="32 bytes in base64url.")
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant"], name="one_push_key")]


class PushDevice(MerchantModel):
    """A browser that asked to be told about one order. Whoever has its endpoint can send to it, so that is a secret."""

    order = MerchantForeignKey(Order, related_name="push_devices")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the endpoint.")
    host = models.CharField(max_length=253, help_text="Whose push service it is.")
    subscription = EncryptedTextField(help_text="JSON: endpoint, p256dh, auth.")
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "order", "digest"], name="one_push_device"),
        ]
