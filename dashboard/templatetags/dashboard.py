"""What dashboard templates need beyond Django's own tags."""

from datetime import UTC, date, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard import formats
from dashboard.words import Label

register = template.Library()


@register.simple_tag
def chip(label: Label) -> SafeString:
    """A status in its tone."""
    return format_html('<span class="chip is-{}">{}</span>', label.tone, label.text)


@register.simple_tag
def at(moment: datetime | None) -> SafeString | str:
    """A time, with how long ago it was where that helps."""
    if moment is None:
        return "–"
    ago = formats.ago(moment)
    if not ago:
        return format_html('<time datetime="{}">{}</time>', _exact(moment), formats.moment(moment))
    return format_html(
        '<time datetime="{}">{} <span class="muted">· {}</span></time>',
        _exact(moment),
        formats.moment(moment),
        ago,
    )


def _exact(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@register.simple_tag
def age(moment: datetime) -> SafeString:
    """How long ago something was, its date when that is more than a week."""
    shown = formats.age(moment)
    return format_html('<time datetime="{}">{}</time>', _exact(moment), shown)


@register.filter
def short_day(day: date) -> str:
    """A day without its weekday: "24 Nov"."""
    return formats.short_day(day)
