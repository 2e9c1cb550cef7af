"""Times, money and dates as the team reads them: in the page's language, on the merchant's clock."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext

from notifications.rendering import formats

_OLD = timedelta(days=7)
# Day, month and clock: 22. Nov., 14:05. English here is the international one: 22 Nov, 14:05.
_PATTERNS = {"de": ("j. N, H:i", "j. N Y, H:i")}
_ENGLISH = ("j M, H:i", "j M Y, H:i")


def locale() -> str:
    """The page's language for Babel. Plain "en" would put the month first."""
    language = get_language() or "en"
    return "en-GB" if language == "en" else language


def money(amount: Decimal, currency: str) -> str:
    """`money(Decimal("89"), "EUR")` is "€89.00", in German "89,00 €"."""
    return formats.money(amount, currency, locale())


def moment(at: datetime) -> str:
    """A time on the merchant's clock: "22 Nov, 14:05", with its year when that is another one."""
    local = timezone.localtime(at)
    short, long = _PATTERNS.get(get_language() or "", _ENGLISH)
    return date_format(local, short if local.year == timezone.localtime().year else long)


def ago(at: datetime) -> str:
    """How long ago (or in how long): "5 min ago", "in 3 h". Empty beyond a week."""
    gone = timezone.now() - at
    if abs(gone) >= _OLD:
        return ""
    if abs(gone) < timedelta(minutes=1):
        return gettext("just now")
    span = _span(abs(gone))
    return (
        gettext("%(span)s ago") % {"span": span}
        if gone > timedelta(0)
        else gettext("in %(span)s") % {"span": span}
    )


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return gettext("%(count)d min") % {"count": minutes}
    if minutes < 48 * 60:
        return gettext("%(count)d h") % {"count": minutes // 60}
    days = minutes // (24 * 60)
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def window(start: datetime | None, end: datetime | None) -> str:
    """A delivery window in days: "Tue 24 – Wed 25 Nov". Empty when there is none."""
    last = end or start
    if last is None:
        return ""
    return formats.delivery_window(_local_day(start or last), _local_day(last), locale())


def _local_day(at: datetime) -> date:
    return timezone.localtime(at).date()


def web_address(text: str) -> str:
    """The text when it is a web address, else "": shops and carriers send us what they like."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return ""
    return text.strip() if parts.scheme in ("http", "https") and parts.netloc else ""
