"""Our quicker nodes say to the letter what python-liquid's own say."""

import gc
import threading
from typing import Any

import pytest
from liquid import BoundTemplate, RenderContext
from liquid.builtin.content import Literal
from liquid.builtin.output import Output
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.for_tag import ForTag
from liquid.builtin.tags.if_tag import IfTag
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.output import LimitedStringIO

from notifications.rendering import TOUCHPOINTS, TemplateError, builtin, nodes, sample_context, sandbox
from notifications.rendering.context import prepare

HOSTILE = "\"><script>alert(1)</script>'\u2028\x00 {{ shop.email }} ü"


NODES = {nodes.QuickContent, nodes.QuickOutput, nodes.QuickIf, nodes.QuickFor, AssignNode, UnlessNode}


class _Context(sandbox.MeteredContext):
    filter = RenderContext.filter
    get_buffer = RenderContext.get_buffer


class _Template(sandbox.MeteredTemplate):
    context_class = _Context
    make_globals = BoundTemplate.make_globals

    def _get_buffer(self) -> LimitedStringIO:
        return LimitedStringIO(sandbox.Sandbox.output_stream_limit)


class _Plain(sandbox.Sandbox):
    """The sandbox with python-liquid's own nodes, expressions, buffers and scopes."""

    template_class = _Template

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        for tag in (Literal, Output, IfTag, ForTag):
            self.add_tag(tag)


SOURCES = (
    "{{ a }}{{ a.b }}{{ a.b.c }}{{ a['b'] }}{{ a[k] }}{{ l[0] }}{{ l.first }}{{ l.size }}{{ a.size }}{{ s.size }}",
    "{{ none }}|{{ yes }}|{{ n }}|{{ x }}|{{ l }}|{{ a }}|{{ (1..3) }}|{{ unknown.of.all }}|{{ now.unknown }}",
    "{% if none %}1{% elsif no %}2{% elsif unknown %}3{% elsif n %}4{% else %}5{% endif %}",
    "{% if s == 'ü' and n < 5 or x contains 'y' %}1{% else %}2{% endif %}{% if l %}l{% endif %}",
    "{% if yes %}  \n {% assign s = 'inner' %} {% endif %}[{{ s }}]{% if a.b %}b{% endif %}",
    "{% for s in l %}{% assign s = 'never' %}{{ s }}{{ forloop.last }}{% else %}x{% endfor %}{{ s }}",
    "{% for i in l reversed %}{% if i == 'y' %}{% continue %}{% endif %}{{ i }}{% endfor %}",
    "{% for i in l %}{{ i }}{% if forloop.index == 2 %}{% break %}{% endif %}{% endfor %}",
    "{% for i in l limit: 1 offset: 1 %}{% for j in l %}{{ forloop.parentloop.index }}{{ j }}{% endfor %}{% endfor %}",
    "{% for p in a %}{{ p[0] }}{{ p.last }}{% endfor %}{% for i in none %}1{% else %}2{% endfor %}",
    "{% capture c %}<p>{{ s }}</p>{% endcapture %}{{ c }}{{ c | append: s }}",
    "{% unless none %}{{ s | upcase }}{% endunless %}{% case n %}{% when 3 %}{{ n }}{% endcase %}{% cycle 1, 2 %}",
    "{{ s | default: none | append: a.b.c }}{{ none | default: s, allow_false: true }}{{ 3 | money }}",
    "{% for i in (1..1500) %}{% endfor %}{% for i in (1..1500) %}{% endfor %}",
    "{% for i in (1..900) %}{{ long }}{% endfor %}",
    "{% capture c %}{% for i in (1..99) %}{{ long }}{% endfor %}{% endcapture %}{{ c }}{{ c }}",
    "{{ s | plus: s }}{{ a.b.c | divided_by: 0 }}",
    "{% if n < s %}1{% endif %}",
    "{% break %}",
)
PLAIN = {
    sandbox.HTML: _Plain(autoescape=True, globals={"brand": sandbox.DEFAULT_BRAND}),
    sandbox.TEXT: _Plain(autoescape=False),
}


def spoil(value: Any) -> Any:
    """The same data with markup and foreign letters in all of its text."""
    if isinstance(value, dict):
        return {name: spoil(item) for name, item in value.items()}
    if isinstance(value, list):
        return [spoil(item) for item in value]
    return HOSTILE if isinstance(value, str) else value


def said(template: Any, context: dict[str, Any]) -> str:
    try:
        return sandbox.fill(template, context)
    except TemplateError as error:
        return f"{type(error.__cause__).__name__}: {error}"


@pytest.mark.parametrize("locale", ["en", "de"])
def test_every_built_in_mail_says_the_same(locale: str) -> None:
    for touchpoint in TOUCHPOINTS:
        shown = sample_context(locale, touchpoint)
        contexts = [prepare(shown), prepare(spoil({**shown, "brand": {}})), {}]
        mail = builtin(touchpoint, locale)
        for kind in (mail, *mail.variants.values()):
            for part in (kind.subject, kind.preheader, kind.html, kind.text):
                assert part is not None
                assert {type(node) for node in part.nodes} <= NODES
                plain = PLAIN[part.env].from_string(str(part))
                ours = sandbox.parse(str(part), part.env)
                for context in contexts:
                    assert said(ours, context) == said(plain, context)


@pytest.mark.parametrize("environment", [sandbox.HTML, sandbox.TEXT], ids=["html", "text"])
@pytest.mark.parametrize("source", SOURCES)
def test_all_that_a_shop_may_write_says_the_same(source: str, environment: sandbox.Sandbox) -> None:
    context = {
        "a": {"b": {"c": "<c>", "size": "own"}}, "k": "b", "l": ["x", "y", "<z>"], "s": "ü", "n": 3, "x": 1.5,
        "yes": True, "no": False, "none": None, "long": "ü" * 1000,
    }  # fmt: skip
    ours, theirs = sandbox.parse(source, environment), PLAIN[environment].from_string(source)
    assert said(ours, context) == said(theirs, context)


@pytest.mark.parametrize("source", ["{{ probe }}", "{{ probe }}{{ 1 | divided_by: 0 }}"])
def test_no_garbage_is_collected_meanwhile(source: str) -> None:
    """A collection takes longer than a template may: one in the middle of a rendering failed an honest message."""
    collecting = []

    class Probe:
        def __str__(self) -> str:
            collecting.append(gc.isenabled())
            return ""

    said(sandbox.parse(source, sandbox.TEXT), {"probe": Probe()})
    assert collecting == [False]
    assert gc.isenabled()


def test_the_collector_is_on_again_when_renderings_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that looked while another one was rendering, and was switched from then, left it off for good."""
    begun, may_end = threading.Event(), threading.Event()

    class Probe:
        def __str__(self) -> str:
            begun.set()
            may_end.wait(10)
            return ""

    other = threading.Thread(
        target=lambda: said(sandbox.parse("{{ probe }}", sandbox.TEXT), {"probe": Probe()})
    )
    other.start()
    begun.wait(10)
    is_on = gc.isenabled

    def looked() -> bool:
        found = is_on()
        may_end.set()
        other.join()
        return found

    monkeypatch.setattr(gc, "isenabled", looked)
    said(sandbox.parse("words", sandbox.TEXT), {})
    may_end.set()
    other.join()
    assert is_on()
