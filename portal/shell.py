"""The frame around every page of a portal: head, brand, header, footer.

It is the same for all pages of a merchant in a language, and half of what a page's templates cost. So it is rendered
once and kept; a page puts its own parts into the gaps.
"""

from dataclasses import dataclass
from functools import lru_cache
from html import escape
from urllib.parse import quote

from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext

from merchants.brand import brand_css, brand_of
from merchants.models import Merchant
from portal.site import Site, languages_of

# What a merchant's frame is made of: another value is another frame.
_FIELDS = ("name", "help_url", "imprint_url", "privacy_url", "brand_color", "corner_radius")
_GAP = "\x00"  # cannot come from the database, which refuses it
_ICON = (
    "data:image/svg+xml,"
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='8' fill='{0}'/>"
    "<path d='m16 7 8 4.5v9L16 25l-8-4.5v-9zm-8 4.5 8 4.5 8-4.5M16 16v9' fill='none' stroke='{1}' stroke-width='2'"
    " stroke-linejoin='round'/></svg>"
)


@dataclass(frozen=True, slots=True)
class Shell:
    """The pieces of a frame between its gaps: title, nonce, order, main."""

    pieces: tuple[str, ...]
    order_words: str

    def fill(self, nonce: str, title: str, order_number: str, main: str) -> str:
        """The whole page. `main` is HTML; the other parts are text."""
        order = self.order_words.replace(_GAP, escape(order_number)) if order_number else ""
        before_title, before_nonce, before_order, before_main, end = self.pieces
        return "".join(
            (before_title, escape(title), before_nonce, nonce, before_order, order, before_main, main, end)
        )


def shell_of(site: Site, scheme: str = "") -> Shell:
    """The frame of a site's pages in the language that is spoken now, in the reader's colour scheme or in this one."""
    merchant = site.merchant
    logo = f"{site.base}/logo-{merchant.logo_hash}.png" if merchant.logo_hash else ""
    values = (*(getattr(merchant, name) for name in _FIELDS), tuple(merchant.languages))
    return _shell(values, site.path(), site.withdraw_url(), logo, site.language, scheme)


@lru_cache(maxsize=256)
def _shell(
    values: tuple[object, ...], home_url: str, withdraw_url: str, logo: str, language: str, scheme: str
) -> Shell:
    merchant = Merchant(**dict(zip((*_FIELDS, "languages"), values, strict=True)))
    brand = brand_of(merchant)
    html = get_template("portal/base.html").render(
        {
            "gap": _GAP,
            "brand_css": brand_css(merchant) + (f":root{{color-scheme:{scheme}}}" if scheme else ""),
            "icon": quote(_ICON.format(brand.color, brand.on_color), safe="/:,=' "),
            "language": language,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
            "shop": merchant,
            "logo": logo,
            "home_url": home_url,
            "withdraw_url": withdraw_url,
            "languages": [
                {"code": code, "name": name, "url": f"?lang={code}", "current": code == language}
                for code, name in languages_of(merchant).items()
            ],
        }
    )
    words = escape(gettext("Order %(number)s")) % {"number": _GAP}
    return Shell(tuple(html.split(_GAP)), f'<p class="muted small num">{words}</p>')
