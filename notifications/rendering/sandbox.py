"""Liquid for templates we do not trust: what they may use, how much, and for how long."""

import gc
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.primitive import IntegerLiteral, RangeLiteral, StringLiteral
from liquid.exceptions import LiquidError, LoopIterationLimitError, ResourceLimitError
from liquid.expression import Expression
from liquid.token import Token

from . import filters, nodes
from .errors import TemplateError

MAX_SOURCE = 200_000
MAX_TAG = 2_000
MAX_CPU_SECONDS = 0.05
MAX_LOOP = 2_000

TAG_START = re.compile(r"\{\{|\{%-?\s*(?P<verbatim>raw\b|doc\b)?")
OURS = frozenset({"links", "shop", "brand", "may_offer", "answers"})
MARKUP = re.compile(r'[<>"]')
WIDE_GAP = re.compile(r"\s{50}")

# The first three are the lexer's own (text, output, malformed tag).
TAGS = {
    "content", "output", "illegal", "#", "comment", "assign", "capture", "case", "cycle", "if",
    "unless", "for", "break", "continue",
}  # fmt: skip

# Stands in when a merchant has set no colours; a context that brings its own `brand` replaces it
# whole.
DEFAULT_BRAND = {
    "color": "#0b6b53",
    "on_color": "#ffffff",
    "ink": "#0a6049",
    "ink_dark": "#5fd3b2",
    "soft": "#e7f2ee",
    "radius": "9px",
}


class MeteredContext(RenderContext):
    """A render context that adds up all loops and stops at a budget of CPU time.

    CPU time of the thread, not the clock: a busy machine must not fail an honest template.
    """

    __slots__ = ("iterations", "not_before", "stop_at")

    def __init__(self, template: BoundTemplate, **kwargs: Any) -> None:
        super().__init__(template, **kwargs)
        self.iterations = 0
        # By the clock it cannot be over earlier, and the clock costs a twentieth of what the thread's time does.
        self.not_before = time.monotonic() + MAX_CPU_SECONDS
        self.stop_at = time.thread_time() + MAX_CPU_SECONDS

    def check_budget(self) -> None:
        """Raise when this rendering has used up its CPU time."""
        if time.monotonic() > self.not_before and time.thread_time() > self.stop_at:
            raise ResourceLimitError("this template takes too long", token=None)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """The filter of that name. All of ours want the context (`filters.guarded`), and `parse` knows them all."""
        return partial(self.env.filters[name], context=self)

    def get_buffer(self, buf: Any = None) -> Any:
        """A buffer for what is captured: it counts into the limit of the whole."""
        return nodes.Buffer(Sandbox.output_stream_limit - (buf.size if isinstance(buf, nodes.Buffer) else 0))

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """python-liquid multiplies nested loops; loops one after the other count here too."""
        super().raise_for_loop_limit(length)
        self.iterations += length
        if self.iterations > MAX_LOOP:
            raise LoopIterationLimitError("too many loop iterations", token=None)

    @contextmanager
    def loop(self, namespace: Mapping[str, object], forloop: Any) -> Iterator[RenderContext]:
        """Run a loop whose every turn looks at the budget."""
        forloop.it = self._ticking(forloop.it)
        with super().loop(namespace, forloop) as context:
            yield context

    def _ticking(self, items: Iterator[object]) -> Iterator[object]:
        for item in items:
            self.check_budget()
            yield item


class MeteredTemplate(BoundTemplate):
    """A parsed template that fills itself in a `MeteredContext`."""

    context_class = MeteredContext

    def make_globals(self, render_args: Mapping[str, object]) -> Mapping[str, object]:
        """All that the template may see in one dict: what it is filled with stands before what is always there."""
        return {**self.globals, **render_args}

    def _get_buffer(self) -> Any:
        return nodes.Buffer(Sandbox.output_stream_limit)


class Sandbox(Environment):
    """Liquid with an allow-list of tags and filters and every limit of python-liquid set."""

    template_class = MeteredTemplate
    context_depth_limit = 20
    block_nesting_limit = 20
    loop_iteration_limit = MAX_LOOP
    local_namespace_limit = 100_000
    output_stream_limit = 200_000

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register what the allow-lists name; `extra` of python-liquid stays out."""
        super().setup_tags_and_filters()
        for tag in nodes.TAGS:
            self.add_tag(tag)
        self.tags = {name: tag for name, tag in self.tags.items() if name in TAGS}
        filters.register(self)


HTML = Sandbox(autoescape=True, globals={"brand": DEFAULT_BRAND})
TEXT = Sandbox(autoescape=False)


def parse(source: str, environment: Sandbox) -> BoundTemplate:
    """Parse and check `source`; `TemplateError` for bad Liquid and what is not allowed."""
    if len(source) > MAX_SOURCE:
        raise TemplateError(f"the template is longer than {MAX_SOURCE} characters")
    _check_tags(source)
    try:
        template = environment.from_string(source)
        for expression in _expressions(template):
            _check(expression, environment)
            nodes.quicken(expression)
    except LiquidError as error:
        raise TemplateError.from_liquid(error) from error
    return template


def parse_words(source: str) -> BoundTemplate:
    """Parse words that are put into markup; `TemplateError` as `parse`, and for what would reach beyond their place.

    A text written in a tag (`{{ '<b>' }}`) counts as safe when it is filled in, so it must hold no markup. A name that
    is assigned holds for the rest of the mail, so it must be none that the way out in the footer stands on.
    """
    template = parse(source, TEXT)
    for expression in _expressions(template):
        if isinstance(expression, StringLiteral) and MARKUP.search(expression.value):
            raise TemplateError('inside of a tag, a text must not hold <, > or "')
    if taken := OURS & template.analyze().locals.keys():
        raise TemplateError(f"the name '{min(taken)}' is taken: the footer needs it")
    return template


def fill(template: BoundTemplate, context: Mapping[str, Any]) -> str:
    """Fill `template` with `context`; raises `TemplateError` when it breaks a limit."""
    try:
        with _no_collection():
            return template.render(context)
    except LiquidError as error:
        raise TemplateError.from_liquid(error) from error
    except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise TemplateError(f"cannot be filled: {error}") from error


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let no garbage be collected meanwhile: that takes longer than a template may, and is not the template's doing.

    It is always switched on again, without a look at how it was: threads share the switch, and one that looked while
    another was rendering would leave it off for good. On again too early costs no more than the protection.
    """
    try:
        gc.disable()
        yield
    finally:
        gc.enable()


def _check_tags(source: str) -> None:
    """Refuse what would keep python-liquid's lexer busy for minutes.

    Its patterns look from every opening to the end of the text for a closing, and try every split
    of a long gap: each tag must close, soon, and without wide gaps; `raw` and `doc`, which look for
    their end the same way, are not known.
    """
    position = 0
    while match := TAG_START.search(source, position):
        closing = "}}" if match[0] == "{{" else "%}"
        position = source.find(closing, match.end(), match.start() + MAX_TAG)
        fault = ""
        if match["verbatim"]:
            fault = f"unexpected tag '{match['verbatim']}'"
        elif position < 0:
            fault = f"a tag is never closed, or is longer than {MAX_TAG} characters"
        elif WIDE_GAP.search(source, match.start(), position):
            fault = "a tag has too wide a gap in it"
        if fault:
            raise TemplateError(fault, source.count("\n", 0, match.start()) + 1)
        position += len(closing)


def _expressions(template: BoundTemplate) -> Iterator[Expression]:
    """Every expression of the template, in whatever tag and however deep."""
    context = RenderContext(template)
    nodes: list[Node] = list(template.nodes)
    expressions: list[Expression] = []
    while nodes:
        node = nodes.pop()
        nodes.extend(node.children(context))
        expressions.extend(node.expressions())
    while expressions:
        expression = expressions.pop()
        expressions.extend(expression.children())
        yield expression


def _check(expression: Expression, environment: Sandbox) -> None:
    """Refuse unknown filters, and ranges whose size is not plain to see.

    A loop walks or copies its range before python-liquid looks at any limit (`reversed`,
    `offset:`), so a range must be written in numbers and be short.
    """
    if isinstance(expression, FilteredExpression):
        for used in expression.filters or ():
            used.validate_filter_arguments(environment)
    if isinstance(expression, RangeLiteral):
        start, stop = expression.start, expression.stop
        if not (isinstance(start, IntegerLiteral) and isinstance(stop, IntegerLiteral)):
            raise ResourceLimitError("write both ends of a range as numbers", token=expression.token)
        if stop.value - start.value >= MAX_LOOP:
            raise ResourceLimitError(f"a range has at most {MAX_LOOP} steps", token=expression.token)
