"""Days, times and money of one page, as its reader writes them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_interval, format_time
from django.utils.translation import gettext

from notifications.rendering.formats import babel_locale, date_time, delivery_window, money
from portal.loading import OrderRow
from portal.site import Site

# A window this short is told with its hours; longer ones are told in days.
_HOURS_MATTER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Style:
    """`locale` for Babel, the clock at the destination, and what time it is."""

    locale: str
    zone: tzinfo
    now: datetime

    @classmethod
    def of(cls, site: Site, order: OrderRow, now: datetime) -> "Style":
        return cls(site.format_locale(order.locale), site.zone(order.country), now)

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def day(self, moment: datetime) -> str:
        """ "Tue 24 Nov"."""
        return delivery_window(self.day_of(moment), None, self.locale)

    def time(self, moment: datetime) -> str:
        """ "14:05"."""
        return _time(moment.astimezone(self.zone).replace(tzinfo=None), self.locale)

    def day_and_time(self, moment: datetime) -> str:
        """ "Tue 24 Nov, 14:05"; for today and yesterday the word."""
        return self.local_day_and_time(moment.astimezone(self.zone), self.day_of(self.now))

    def local_day_and_time(self, local: datetime, today: date) -> str:
        """The same for a moment on the reader's clock, for lists: the clock is asked once."""
        ago = (today - local.date()).days
        if ago == 0:
            return gettext("today, %(time)s") % {"time": self.time(local)}
        if ago == 1:
            return gettext("yesterday, %(time)s") % {"time": self.time(local)}
        return date_time(local, self.locale, self.zone)

    def window(self, start: datetime, end: datetime) -> str:
        """The days of a delivery window; "Today" and "Tomorrow" where they say it, with hours where they matter."""
        first, last = self.day_of(start), self.day_of(end)
        if first != last:
            return delivery_window(first, last, self.locale)
        ahead = (first - self.day_of(self.now)).days
        name = gettext("Today") if ahead == 0 else gettext("Tomorrow") if ahead == 1 else self.day(start)
        if timedelta(0) < end - start <= _HOURS_MATTER:
            return f"{name}, {self.hours(start, end)}"
        return name

    def days(self, start: datetime, end: datetime) -> str:
        """The days of a window that is over, or no longer true."""
        return delivery_window(self.day_of(start), self.day_of(end), self.locale)

    def hours(self, start: datetime, end: datetime) -> str:
        """ "14:00–16:00"."""
        first, last = (moment.astimezone(self.zone).replace(tzinfo=None) for moment in (start, end))
        return _hours(first, last, self.locale)

    def money(self, amount: Decimal, currency: str) -> str:
        return money(amount, currency, self.locale)

    def country(self, code: str) -> str:
        """ "Germany" for "DE"; the code itself when nobody knows it."""
        return babel_locale(self.locale).territories.get(code, code)

    def iso(self, moment: datetime) -> str:
        """For `<time datetime>`: to the minute, on the reader's clock."""
        return moment.astimezone(self.zone).isoformat(timespec="minutes")


@lru_cache(maxsize=4096)
def _time(moment: datetime, locale: str) -> str:
    return format_time(moment, "short", locale=babel_locale(locale)).replace("\u202f", " ")


@lru_cache(maxsize=4096)
def _hours(first: datetime, last: datetime, locale: str) -> str:
    babel = babel_locale(locale)
    twelve = "a" in babel.time_formats["short"].pattern
    text = format_interval(first, last, "hm" if twelve else "Hm", locale=babel)
    return text.replace("\u2009", " ").replace("\u202f", " ")
