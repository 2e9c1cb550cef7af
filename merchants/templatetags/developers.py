"""Examples on the pages for developers: three languages as tabs that need no script."""

import re

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from merchants.rest.guides import LANGUAGES, example

register = template.Library()

_COMMENT = re.compile(r"^(\s*)(#|//)(?= )")


@register.inclusion_tag("developers/_example.html", name="example")
def show_example(name: str) -> dict[str, object]:
    """`{% example "order" %}`: the files `examples/order.*`, one a tab."""
    tabs = [
        {"key": ending, "label": LANGUAGES[ending], "code": _code(text)}
        for ending, text in example(name).items()
    ]
    return {"name": name, "tabs": tabs}


def _code(text: str) -> SafeString:
    """The text as HTML, with whole lines of comment set back."""
    return format_html_join("\n", "{}", ((_line(line),) for line in text.splitlines()))


def _line(line: str) -> SafeString:
    return format_html('<span class="note">{}</span>' if _COMMENT.match(line) else "{}", line)
