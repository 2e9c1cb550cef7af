"""What somebody chose in the preference centre besides topics: their language, and their own quiet times."""

from collections.abc import Iterable, Mapping
from datetime import time

from django.utils import timezone

from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from notifications.choices import Channel
from notifications.consent.models import Preference
from notifications.suppressions import digest, normal_address


def preferences(emails: Iterable[str]) -> Mapping[bytes, Preference]:
    """By the address's digest, for addresses of the open scope: one query, none for no address."""
    keys = {digest(Channel.EMAIL, email) for email in emails if email}
    return {bytes(row.digest): row for row in Preference.objects.filter(digest__in=keys)} if keys else {}


def preference_of(email: str) -> Preference | None:
    """What one address of the open scope chose: one query."""
    return next(iter(preferences([email]).values()), None)


def set_preference(
    merchant: Merchant, email: str, *, language: str, quiet: tuple[time, time] | None
) -> Preference:
    """Write to an address in a language ("" for the order's), and not within these times of its day.

    Raises Unprocessable for what is no address, and for times that leave nothing of the day.
    """
    normal = normal_address(Channel.EMAIL, email)
    if not normal:
        raise Unprocessable("This is no address of the channel.", param="address", code="invalid_address")
    if quiet and quiet[0] == quiet[1]:
        raise Unprocessable("That is the whole day.", param="quiet", code="invalid_hours")
    values = {
        "address": normal, "language": language, "quiet_from": quiet[0] if quiet else None,
        "quiet_to": quiet[1] if quiet else None, "updated_at": timezone.now(),
    }  # fmt: skip
    with merchant_transaction(merchant):
        row, _ = Preference.objects.update_or_create(
            merchant=merchant, digest=digest(Channel.EMAIL, normal), defaults=values
        )
    return row
