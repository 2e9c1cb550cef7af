"""Who a text message comes from: the installation's number, or one for the country of the telephone that it goes to."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from notifications.channels.calling_codes import CALLING_CODES

# A number, one of Twilio's messaging services, a short code, or a name of up to 11 characters with a letter in it.
_SENDER: Final = re.compile(
    r"\+[1-9]\d{6,14}|MG[0-9a-f]{32}|\d{3,8}|(?=[A-Za-z0-9 ]{1,11}\Z)[A-Za-z0-9 ]*[A-Za-z][A-Za-z0-9 ]*"
)
_PREFIX: Final = re.compile(r"\+[1-9]\d{0,6}")


def sender_for(phone: str) -> str:
    """The sender of a text message to `phone` (E.164): that of the longest prefix that is set, else `TWILIO_FROM`."""
    found = _read(tuple(settings.TWILIO_SENDERS))
    return next((sender for prefix, sender in found if phone.startswith(prefix)), settings.TWILIO_FROM)


@lru_cache(maxsize=32)
def _read(entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """`TWILIO_SENDERS` as (prefix, sender), the longest prefix first. Raises ImproperlyConfigured."""
    found: dict[str, str] = {}
    for entry in entries:
        country, _, sender = (part.strip() for part in entry.partition("="))
        prefix = country if _PREFIX.fullmatch(country) else CALLING_CODES.get(country, "")
        if not prefix:
            raise ImproperlyConfigured(
                f"TWILIO_SENDERS: {country!r} is neither a country (DE) nor the beginning of a number (+49)."
            )
        if not _SENDER.fullmatch(sender):
            raise ImproperlyConfigured(
                f"TWILIO_SENDERS: {sender!r} is no number, messaging service, short code or name of 11 characters."
            )
        if found.setdefault(prefix, sender) != sender:
            raise ImproperlyConfigured(
                f"TWILIO_SENDERS: two senders for {prefix}. Countries that share it need longer beginnings, as +1416."
            )
    return tuple(sorted(found.items(), key=lambda pair: -len(pair[0])))
