"""Whose portal is asked for, under which address, and in which language it answers."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from merchants.models import Merchant, WithdrawalFor
from merchants.prepared import loaded, prepared_cursor
from tracking.windows import zone_at

LANGUAGES = dict(settings.LANGUAGES)


@dataclass(slots=True)
class Site:
    """One merchant's portal as one request sees it."""

    merchant: Merchant
    base: str  # "/p/nordwind", or "" on the merchant's own host
    asked: str  # the language of the link (`?lang=de`), or ""; one that the merchant offers
    accepted: str  # the browser's, or ""
    language: str = ""

    def path(self, path: str = "", language: str = "") -> str:
        """A path of this portal; the language that was asked for travels along."""
        language = language or self.asked
        return f"{self.base}/{path}" + (f"?lang={language}" if language else "")

    def withdraw_url(self, token: str = "") -> str:
        """Where a consumer withdraws from the contract; token: of an order's link, which fills the form in.

        The shop's own page, or "", where the function is switched off.
        """
        if self.merchant.withdrawal_for == WithdrawalFor.OFF:
            return self.merchant.withdraw_url
        return self.path(f"o/{token}/withdraw/" if token else "withdraw/")

    @contextmanager
    def speaking(self, order_locale: str = "") -> Iterator[None]:
        """Let the block speak the shopper's language: the link's, the order's, the browser's, the shop's."""
        offered = languages_of(self.merchant)
        wishes = (self.asked, _known(order_locale), self.accepted, _known(self.merchant.locale))
        self.language = next((wish for wish in wishes if wish in offered), next(iter(offered)))
        with translation.override(self.language):
            yield

    def format_locale(self, order_locale: str = "") -> str:
        """How dates and money are written: the order's own region where it fits, else Europe's English."""
        if order_locale and _known(order_locale) == self.language and len(order_locale) > 3:
            return order_locale
        return "en-GB" if self.language == "en" else self.language

    def zone(self, country: str) -> tzinfo:
        """The clock at the destination, where its country has only one; else the shop's."""
        return zone_at(self.merchant, country)


def site_of(request: HttpRequest, slug: str | None) -> Site | None:
    """The portal that is asked for: of the merchant whose host it is, else of the slug. None: there is none."""
    own = getattr(request, "portal_merchant_id", None)
    merchant = find_merchant(pk=own) if own else find_merchant(slug=slug)
    if merchant is None:
        return None
    asked = request.GET.get("lang", "")
    accepted = (
        translation.get_language_from_request(request) if "HTTP_ACCEPT_LANGUAGE" in request.META else ""
    )
    base = "" if own else f"/p/{merchant.slug}"
    return Site(merchant, base, asked if asked in languages_of(merchant) else "", accepted)


def languages_of(merchant: Merchant) -> dict[str, str]:
    """Code and name of the languages that a merchant's portal speaks: all of ours where it chose none."""
    return {code: name for code, name in LANGUAGES.items() if code in merchant.languages} or LANGUAGES


def find_merchant(*, slug: str | None = None, pk: UUID | None = None) -> Merchant | None:
    """A merchant without the bytes of its logo, as it was at most `settings.PORTAL_SECONDS` ago.

    A sixth of a page's CPU went into asking for a row that hardly ever changes. What is remembered is the row: each
    request gets an object of its own.
    """
    seconds = settings.PORTAL_SECONDS
    row = _remembered(slug, pk, int(time.monotonic() / seconds)) if seconds else _row(slug, pk)
    return loaded(Merchant, _merchant_statement()[0], row) if row else None


@lru_cache(maxsize=512)
def _remembered(slug: str | None, pk: UUID | None, _period: int) -> Sequence[Any] | None:
    return _row(slug, pk)


def _row(slug: str | None, pk: UUID | None) -> Sequence[Any] | None:
    """A statement of its own: building this query through the ORM took longer than all other queries of a page."""
    with prepared_cursor(binary=True) as cursor:
        cursor.execute(_merchant_statement()[1], {"slug": slug, "id": pk})
        row: Sequence[Any] | None = cursor.fetchone()
    return row


@lru_cache(maxsize=1)
def _merchant_statement() -> tuple[list[str], str]:
    columns = [field.attname for field in Merchant._meta.concrete_fields if field.attname != "logo"]
    statement = (
        f"SELECT {', '.join(columns)}"  # noqa: S608  # names of our own columns
        " FROM merchants_merchant WHERE slug = %(slug)s::text OR id = %(id)s::uuid"
    )
    return columns, statement


def _known(locale: str) -> str:
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in LANGUAGES else ""
