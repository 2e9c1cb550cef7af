"""Money and dates as people write them, formatted once and remembered: Babel is slow."""

from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton, format_time
from babel.numbers import format_currency

# Babel repeats the month in British English ("Tue 24 Nov – Wed 25 Nov"); people there write it
# once.
DAY_FIRST_ENGLISH = {"GB", "IE", "NZ", "AU"}
DAY = "MMMEd"


@lru_cache(maxsize=256)
def babel_locale(code: str) -> Locale:
    """Babel's locale for a language tag: "de-AT", else its language, else English."""
    language = code.replace("_", "-").split("-")[0]
    for tag in (code.replace("_", "-"), language):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


@lru_cache(maxsize=4096)
def money(amount: Decimal, currency: str, locale: str) -> str:
    """`money(Decimal("1089.5"), "EUR", "de")` is "1.089,50 €"."""
    return format_currency(amount, currency, locale=babel_locale(locale))


def delivery_window(start: date, end: date | None, locale: str) -> str:
    """The days from `start` to `end` as one text.

    "Tue 24 – Wed 25 Nov" (en-GB), "Di., 24. – Mi., 25. Nov." (de).
    Takes dates, or datetimes already in the time zone of the destination; equal days, no end or an
    end before the start give the one day.
    """
    first = _day(start)
    last = _day(end) if end else first
    return _window(first, max(first, last), locale)


def date_time(moment: datetime, locale: str, timezone: tzinfo) -> str:
    """`moment` (aware) on the clock of `timezone`: "Di., 24. Nov., 14:05" (de)."""
    return _moment(moment.astimezone(timezone).replace(tzinfo=None), locale)


def exact_time(moment: datetime, locale: str, timezone: tzinfo) -> str:
    """`moment` (aware) to the second, with its clock: "24. November 2026, 14:05:09 MEZ" (de)."""
    at, babel = moment.astimezone(timezone), babel_locale(locale)
    clock = format_time(at, "HH:mm:ss z", locale=babel)
    return f"{format_date(at, 'long', locale=babel)}, {clock}"


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


@lru_cache(maxsize=4096)
def _window(first: date, last: date, locale: str) -> str:
    babel = babel_locale(locale)
    same_month = (first.year, first.month) == (last.year, last.month)
    if same_month and first != last and babel.language == "en" and babel.territory in DAY_FIRST_ENGLISH:
        end = _plain(format_skeleton(DAY, last, locale=babel)).replace(",", "")
        return f"{_plain(format_skeleton('EEEd', first, locale=babel)).split()[0]} {first.day} – {end}"
    return _plain(format_interval(first, last, DAY, locale=babel))


@lru_cache(maxsize=4096)
def _moment(moment: datetime, locale: str) -> str:
    babel = babel_locale(locale)
    day = format_skeleton(DAY, moment, locale=babel)
    return _plain(f"{day}, {format_time(moment, 'short', locale=babel)}")


def _plain(text: str) -> str:
    """Thin and narrow spaces as plain ones: old mail clients show boxes for them."""
    return text.replace("\u2009", " ").replace("\u202f", " ")
