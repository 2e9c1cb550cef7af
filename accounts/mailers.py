"""The mail providers of this installation, by name and in the order in which they are asked.

AFTERWARD_MAIL_PROVIDERS=postmark,ses,relay=smtp://user:password@mail.example.com:587?tls=yes

Each is a name that is known here (its keys are settings of their own), or a name of one's own and the address of an
SMTP server. Without the setting there is one: Django's `EMAIL_BACKEND`. What happens when one of several is away:
`notifications/channels/fall_over.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

_SMTP: Final = "django.core.mail.backends.smtp.EmailBackend"
# Loaded when the first mail goes out by it: boto3 alone takes 20 MB of a worker.
KNOWN: Final[Mapping[str, str]] = {
    "brevo": "anymail.backends.brevo.EmailBackend",
    "mailgun": "anymail.backends.mailgun.EmailBackend",
    "postmark": "anymail.backends.postmark.EmailBackend",
    "resend": "anymail.backends.resend.EmailBackend",
    "sendgrid": "anymail.backends.sendgrid.EmailBackend",
    "ses": "anymail.backends.amazon_ses.EmailBackend",
    "smtp": _SMTP,
}
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PORTS: Final = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True)
class Mailer:
    """One provider. `name`: how the message log names it, "" for `EMAIL_BACKEND`. `options`: for its back end."""

    name: str
    backend: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)  # a password may stand in there

    def connect(self) -> Any:
        """A back end of Django's, not opened yet. Raises what the back end raises when a setting is missing."""
        return get_connection(self.backend, **self.options)


def mailers() -> Sequence[Mailer]:
    """The providers of this installation, the preferred one first; never none. Raises ImproperlyConfigured."""
    return _read(tuple(settings.MAIL_PROVIDERS)) or (Mailer(""),)


@lru_cache(maxsize=32)
def _read(entries: tuple[str, ...]) -> tuple[Mailer, ...]:
    found = tuple(_mailer(entry) for entry in entries)
    if len({mailer.name for mailer in found}) < len(found):
        raise ImproperlyConfigured("AFTERWARD_MAIL_PROVIDERS names a provider twice.")
    return found


def _mailer(entry: str) -> Mailer:
    name, is_server, url = entry.partition("=")
    if not _NAME.fullmatch(name):
        raise ImproperlyConfigured(
            "AFTERWARD_MAIL_PROVIDERS: a name has small letters, digits, - and _ only."
        )
    if is_server:
        return Mailer(name, _SMTP, _server(name, url))
    if name not in KNOWN:
        raise ImproperlyConfigured(
            f"AFTERWARD_MAIL_PROVIDERS: {name} is not one of {', '.join(KNOWN)}, nor name=smtp://host."
        )
    return Mailer(name, KNOWN[name])


def _server(name: str, url: str) -> dict[str, Any]:
    # The address itself is not repeated in an error: its password would stand in the log.
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ImproperlyConfigured(
            f"AFTERWARD_MAIL_PROVIDERS: the address of {name} is not smtp://host or smtps://host."
        )
    return {
        "host": parts.hostname,
        "port": port or _PORTS[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": parts.scheme == "smtps",
        "use_tls": parts.scheme == "smtp" and parse_qs(parts.query).get("tls") == ["yes"],
    }
