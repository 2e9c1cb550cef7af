"""Who a message is from."""

from collections.abc import Mapping
from email.utils import formataddr, parseaddr

from django.conf import settings

from merchants.models import Merchant
from notifications.rendering.templates import one_line


def sender(merchant: Merchant, stream: Mapping[str, str] | None = None) -> str:
    """The From header: the merchant's name with its own address, or with the installation's.

    stream: the sender of the message's stream (`{"email": …, "name": …}`), where the merchant keeps one: advertising
    from an address of its own does not spoil the good name of the one that confirms orders.
    """
    own = stream or {}
    name = own.get("name") or merchant.sender_name or merchant.name
    return formataddr((one_line(name), own.get("email") or sender_address(merchant)))


def reply_address(merchant: Merchant) -> str:
    """Where an answer to a message goes; "" lets it go to the sender."""
    return merchant.reply_to or merchant.support_email


def sender_address(merchant: Merchant) -> str:
    """The bare address."""
    return merchant.sender_email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def sender_domain(merchant: Merchant) -> str:
    """The domain of the address."""
    return sender_address(merchant).rpartition("@")[2] or "localhost"
