"""Templates that attack: each ends in a typed error or harmless text, at once, in little memory."""

import time
import tracemalloc
from typing import Any

import pytest

from notifications.rendering import TemplateError, sample_context
from notifications.rendering.sandbox import HTML, TEXT, fill, parse

LONG = "a" * 1000
REPLACES = "".join(
    f" | replace: '{c}', '{c * 0}{d * 12}'" for c, d in zip("abcdefghi", "bcdefghij", strict=True)
)
CPU_LIMIT = 0.1
MEMORY_LIMIT = 32_000_000

REFUSED = {
    "nine chained replaces": "{{ 'aaaaaaaaaaaa'" + REPLACES + " }}",
    "replace of nothing": f"{{{{ '{LONG}' | replace: '', '{LONG}' | replace: '', 'aaaa' }}}}",
    "join of a huge range": "{{ (1..99999999) | join: '' }}",
    "join with a long separator": "{{ (1..2000) | join: '" + LONG + "' }}",
    "range beyond the machine": "{{ (1..99999999999999999999999) | size }}",
    "range with a variable end": "{% assign n = 99999999 %}{% for i in (1..n) %}{% endfor %}",
    "range reversed": "{% for i in (1..99999999) reversed %}{{ i }}{% endfor %}",
    "range with an offset": "{% for i in (1..9999999999) offset: 999999999 %}{{ i }}{% endfor %}",
    "range in assign": "{% assign r = (1..99999999) %}{% for i in r reversed %}{% endfor %}",
    "range in case": "{% case a %}{% when (1..99999999) %}{% endcase %}",
    "range in if": "{% if a == (1..99999999) %}{% endif %}",
    "range in a filter": "{{ a | default: (1..99999999) | join }}",
    "range in cycle": "{% cycle (1..99999999), 2 %}",
    "nested loops": "{% for i in (1..500) %}{% for j in (1..500) %}{% endfor %}{% endfor %}",
    "loops one after the other": "{% for i in (1..1500) %}{% endfor %}" * 2,
    "append doubles": "{% assign a = 'x' %}" + "{% assign a = a | append: a %}" * 40,
    "prepend doubles": "{% assign a = 'x' %}" + "{% assign a = a | prepend: a %}" * 40,
    "capture doubles": "{% assign a = 'xxxx' %}" + "{% capture a %}{{ a }}{{ a }}{% endcapture %}" * 40,
    "split into letters": "{{ '" + LONG * 3 + "' | split: '' | join: '" + LONG + "' }}",
    "concat of long lists": "{% assign l = '"
    + LONG
    + "' | split: ',' %}"
    + "{% assign l = l | concat: l %}" * 12
    + "{{ l }}",
    "numbers that square": "{% assign n = 99999 %}" + "{% assign n = n | times: n %}" * 40 + "{{ n }}",
    "endless number": "{{ '" + "9" * 5000 + "' | plus: 1 }}",
    "not a number": "{{ 'inf' | ceil }}",
    "division by zero": "{{ 1 | divided_by: 0 }}",
    "output too long": "{% for i in (1..2000) %}" + LONG + "{% endfor %}",
    "filters without end": "{% assign a = '"
    + LONG * 50
    + "' %}{% for i in (1..2000) %}{% assign b = a"
    + " | upcase | downcase" * 200
    + " %}{% endfor %}",
    "deep nesting": "{% if 1 %}" * 40 + "{% endif %}" * 40,
    "include": "{% include 'a' %}",
    "render": "{% render 'a' %}",
    "tablerow": "{% tablerow i in (1..9) %}{% endtablerow %}",
    "liquid tag": "{% liquid assign a = 1 %}",
    "date width": "{{ 'now' | date: '%999999999d' }}",
    "safe": "{{ '<b>' | safe }}",
    "unclosed": "{{ a",
    "named arguments": "{{ '" + LONG + "' | replace: seq: '', sub: '" + LONG + "' }}",
    "money beyond reason": "{{ '1e9999999' | money }}",
    "money below reason": "{{ '1e-9999999' | money }}",
    "not money": "{{ 'NaN' | money }}",
    "openings without end": "{{" * 50_000,
    "tags without end": "{% if a" * 20_000,
    "raw without end": "{%   raw %}" * 15_000,
    "doc without end": "{% doc %}" * 15_000,
    "a wide gap": "{{" + " " * 100_000 + "}}",
    "a long condition": "{% if a" + " and a" * 30_000 + " %}{% endif %}",
    "a deep path": "{{ a" + "[a" * 20_000 + "]" * 20_000 + " }}",
    "source too long": "x" * 300_000,
    "surrogate": "\ud800",
}
EMPTY = [
    "{{ customer.__class__ }}",
    "{{ customer.__class__.__mro__[1].__subclasses__ }}",
    "{{ customer['__init__']['__globals__'] }}",
    "{{ shop.keys }}{{ shop.items.first }}",
    "{{ order_name.__class__.__name__ }}{{ order_name.format }}",
    "{{ settings }}{{ request.user }}{{ self }}{{ env }}{{ context }}",
    "{% assign c = '__class__' %}{{ customer[c] }}",
    "{{ customer | map: '__class__' }}",
]


def attempt(source: str, environment: Any) -> str:
    return fill(parse(source, environment), sample_context("en"))


@pytest.mark.parametrize("environment", [HTML, TEXT], ids=["html", "text"])
@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED.keys())
def test_an_attack_ends_in_a_typed_error_at_once(source: str, environment: Any) -> None:
    tracemalloc.start()
    started = time.thread_time()
    try:
        with pytest.raises(TemplateError):
            attempt(source, environment)
        spent = time.thread_time() - started
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY_LIMIT
    # tracemalloc makes parsing several times slower; the pure time is measured without it.
    started = time.thread_time()
    with pytest.raises(TemplateError):
        attempt(source, environment)
    assert min(spent, time.thread_time() - started) < CPU_LIMIT


@pytest.mark.parametrize("source", EMPTY)
def test_nothing_behind_the_data_can_be_reached(source: str) -> None:
    assert attempt(source, TEXT).strip() == ""


def test_honest_templates_work() -> None:
    source = (
        "{% for item in line_items %}{{ forloop.index }}:"
        "{{ item.title | upcase | truncate: 8, '' }} {% endfor %}"
        "{% for i in (1..3) %}{{ i }}{% endfor %}|"
        "{{ 'a,b' | split: ',' | join: '+' }}|{{ 7 | times: 6 }}"
        "{%- comment %} no {% endcomment -%}{% case currency %}{% when 'EUR' %}|euro{% endcase %}"
    )
    assert attempt(source, TEXT) == "1:FJORD WO 2:DYKE SOC 123|a+b|42|euro"


def test_html_in_data_cannot_be_smuggled_through_filters() -> None:
    context = {"x": "<script>", "y": ["<b>", "<i>"]}
    for source in (
        "{{ x }}",
        "{{ x | escape }}",
        "{{ x | newline_to_br }}",
        "{{ 'a' | append: x }}",
        "{{ x | prepend: 'a' }}",
        "{{ 'aXb' | replace: 'X', x }}",
        "{% capture c %}<p>X</p>{% endcapture %}{{ c | replace: 'X', x | append: x }}",
        "{{ y | join: x }}",
        "{{ y }}",
        "{{ x | strip_newlines | upcase | downcase | slice: 0, 8 }}",
        "{{ x | default: 'a' | url_encode }}",
    ):
        html = fill(parse(source, HTML), context)
        assert "<script" not in html.lower()
        assert "<b>" not in html
