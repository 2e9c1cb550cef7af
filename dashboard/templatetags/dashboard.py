"""What dashboard templates need beyond Django's own tags."""

from datetime import datetime

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
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), formats.moment(moment))
    return format_html(
        '<time datetime="{}">{} <span class="muted">· {}</span></time>',
        moment.isoformat(),
        formats.moment(moment),
        ago,
    )
