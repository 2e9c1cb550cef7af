"""What messages say about the shop itself, and those that are about no order."""

from typing import Any

from django.conf import settings

from merchants.brand import brand_hex
from merchants.models import Merchant, WithdrawalFor
from notifications.models import Message
from orders.models import Customer


def about_customer(
    message: Message, merchant: Merchant, customer: Customer, host: str | None
) -> dict[str, Any]:
    """The data of a message that is about nothing but its customer. Its button leads to the shop.

    host: the merchant's own of its portal, which stands in for a shop without a website.
    """
    return {
        "locale": format_locale(message.locale),
        "email": customer.email,
        "customer": {"first_name": customer.first_name, "last_name": customer.last_name},
        "shop": shop(merchant),
        "links": {
            "portal": message.data.get("url") or merchant.website or portal_home(merchant, host),
            **shop_links(merchant, host),
        },
        "brand": brand_hex(merchant),
        "data": message.data,
    }


def about_address(message: Message, merchant: Merchant, host: str | None) -> dict[str, Any]:
    """The data of a message to an address that somebody gave for it. Its button leads to `data.url`."""
    return {
        "locale": format_locale(message.locale),
        "email": message.recipient,
        "customer": {},
        "shop": shop(merchant),
        "links": {"portal": message.data.get("url", ""), **shop_links(merchant, host)},
        "brand": brand_hex(merchant),
        "data": message.data,
    }


def portal_home(merchant: Merchant, host: str | None) -> str:
    """Where a merchant's portal begins: at its own host, if it has one."""
    return f"https://{host}/" if host else f"{settings.PUBLIC_URL}/p/{merchant.slug}/"


def shop(merchant: Merchant) -> dict[str, str]:
    """Who writes."""
    address = "\n".join(part for part in (merchant.legal_name, merchant.postal_address) if part)
    return {
        "name": merchant.name,
        "url": merchant.website,
        "email": merchant.support_email,
        "logo": _logo(merchant),
        "address": address,
        "pictures": absolute(f"/p/{merchant.slug}/picture-"),
    }


def _logo(merchant: Merchant) -> str:
    """The logo's address on the portal: it changes with the picture (`portal.views.logo`)."""
    if not merchant.logo_hash:
        return ""
    return absolute(f"/p/{merchant.slug}/logo-{merchant.logo_hash}.png")


def shop_links(merchant: Merchant, host: str | None) -> dict[str, str]:
    """The pages that the foot of every message leads to. Withdrawing is done here, unless the shop switched it off."""
    is_ours = merchant.withdrawal_for != WithdrawalFor.OFF
    return {
        "withdraw": portal_home(merchant, host) + "withdraw/" if is_ours else merchant.withdraw_url,
        "help": merchant.help_url,
        "imprint": merchant.imprint_url,
        "privacy": merchant.privacy_url,
    }


def format_locale(locale: str) -> str:
    """How dates and money are written: by the shopper's own region where it is known, else in Europe's English."""
    return "en-GB" if locale.lower() == "en" else locale


def absolute(url: str) -> str:
    """The address with its host: mail programs know no page that a path could belong to. Empty for other schemes."""
    if url.startswith("//"):
        return "https:" + url
    if url.startswith("/"):
        return settings.PUBLIC_URL + url
    return url if url.startswith(("https://", "http://")) else ""
