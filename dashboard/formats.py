"""Times, money and dates as the team reads them: in the page's language, on the merchant's clock."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton
from babel.numbers import format_decimal
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, ngettext

from notifications.rendering import formats
from notifications.rendering.formats import babel_locale

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
    pattern = short if local.year == timezone.localtime().year else long
    return _written(local.replace(second=0, microsecond=0, tzinfo=None), pattern, get_language())


@lru_cache(maxsize=4096)
def _written(minute: datetime, pattern: str, _language: str | None) -> str:
    """A minute in the page's language. Lists are looked at again and again: it is remembered."""
    return date_format(minute, pattern)


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


def age(at: datetime) -> str:
    """How long ago something was, its date when that is more than a week."""
    return ago(at) or moment(at)


def moment_and_ago(at: datetime | None) -> str:
    """A time in a row of a list, with how long ago it was where that helps."""
    if at is None:
        return "–"
    gone = ago(at)
    return format_html("{} <i>· {}</i>", moment(at), gone) if gone else moment(at)


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
    return formats.delivery_window(local_day(start or last), local_day(last), locale())


def local_day(at: datetime) -> date:
    """The day of a time on the merchant's clock."""
    return timezone.localtime(at).date()


def web_address(text: str) -> str:
    """The text when it is a web address, else "": shops and carriers send us what they like."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return ""
    return text.strip() if parts.scheme in ("http", "https") and parts.netloc else ""


def number(count: int) -> str:
    """`number(12034)` is "12,034", in German "12.034"."""
    return format_decimal(count, locale=babel_locale(locale()))


def decimal(value: float, *, sign: bool = False, places: int = 1) -> str:
    """`decimal(2.14)` is "2.1"; with its sign "+2.1" or "−2.1"."""
    digits = "0." + "0" * places if places else "0"
    text = format_decimal(abs(round(value, places)), format=digits, locale=babel_locale(locale()))
    if not sign:
        return text if value >= 0 else f"−{text}"
    return f"{'−' if value < 0 else '+'}{text}"


def percent(share: float) -> str:
    """`percent(0.918)` is "91.8 %"."""
    return f"{decimal(share * 100)} %"


def day(value: date) -> str:
    """A day with its weekday: "Tue 24 Nov"."""
    return formats.delivery_window(value, None, locale())


@lru_cache(maxsize=1024)
def _short_day(value: date, language: str) -> str:
    return format_skeleton("MMMd", value, locale=babel_locale(language))


def short_day(value: date) -> str:
    """A day as charts write it: "24 Nov"."""
    return _short_day(value, locale())


def country(code: str) -> str:
    """A country's name in the page's language: "DE" is "Germany". The code itself when it is none."""
    return babel_locale(locale()).territories.get(code.upper(), code) if code else ""


def language(tag: str) -> str:
    """A language's name in the page's language: "de-AT" is "German (Austria)". The tag itself when it is none."""
    if not tag:
        return ""
    try:
        name = Locale.parse(tag.replace("_", "-"), sep="-").get_display_name(babel_locale(locale()))
    except (UnknownLocaleError, ValueError):
        return tag
    return name or tag


def since(at: datetime) -> str:
    """How old something is, as long as it may be: "5 h", "12 days"."""
    return _span(max(timezone.now() - at, timedelta(0)))


def duration(seconds: float) -> str:
    """A length of time: "12 min", "5 h", "3 days"."""
    return _span(timedelta(seconds=seconds))
