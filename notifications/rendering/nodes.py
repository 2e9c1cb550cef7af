"""python-liquid's nodes, filled in fewer steps: an e-mail has some hundred of them.

They say what python-liquid's own say, within the same limits (`tests/notifications/test_rendering_nodes.py` holds them
against each other). What is no plain text or plain data is left to python-liquid.
"""

from typing import Any, Final

from liquid import RenderContext
from liquid.ast import BlockNode, ConditionalBlockNode
from liquid.builtin.content import ContentNode, Literal
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.logical import is_truthy
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.builtin.tags.if_tag import IfNode, IfTag
from liquid.exceptions import FilterArgumentError, LiquidTypeError, OutputStreamLimitError
from liquid.expression import Expression
from liquid.stringify import to_liquid_string
from liquid.token import Token
from markupsafe import escape

_PLAIN: Final = frozenset({str, int, float, bool, type(None), list, dict})


class Buffer:
    """Text up to a limit of bytes. Raises OutputStreamLimitError beyond it."""

    __slots__ = ("_parts", "limit", "size")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._parts: list[str] = []

    def write(self, text: str) -> int:
        """Add text. Returns how long it is, as files do."""
        self.size += len(text) if text.isascii() else len(text.encode())
        if self.size > self.limit:
            raise OutputStreamLimitError("output stream limit reached", token=None)
        self._parts.append(text)
        return len(text)

    def getvalue(self) -> str:
        """All of it."""
        return "".join(self._parts)


# --- expressions --------------------------------------------------------------------------------------


class QuickPath(Path):
    """`customer.first_name`: a value that is found by its names."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        """The value. python-liquid looks for what is not in plain dicts: sizes, the first of a list, the unknown."""
        root, *names = self.path
        for known in context.scope._maps:  # from the innermost loop outwards; a miss costs no exception
            if root in known:
                value: Any = known[root]  # type: ignore[index]  # see `quicken`
                break
        else:
            return super().evaluate(context)
        for name in names:
            if type(value) is not dict or name not in value:
                return super().evaluate(context)
            value = value[name]
        return value


class QuickCondition(BooleanExpression):
    """What stands behind `if`."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> bool:
        """Whether it holds."""
        value = self.expression.evaluate(context)
        return value is not None and value is not False if type(value) in _PLAIN else is_truthy(value)


class QuickFilter(Filter):
    """`link` in `{{ item.image | link }}`. All filters want the context (`filters.guarded`)."""

    __slots__ = ()

    def evaluate(self, left: object, context: RenderContext) -> object:
        """What the filter makes of a value."""
        if self.args:
            return super().evaluate(left, context)
        try:
            return context.env.filters[self.name](left, context=context)
        except (LiquidTypeError, FilterArgumentError) as error:
            error.token = self.token
            raise


def quicken(expression: Expression) -> None:
    """Let a parsed expression be evaluated in fewer steps: python-liquid's parser makes its own kinds only."""
    if type(expression) is Path and all(type(name) is str for name in expression.path):
        expression.__class__ = QuickPath
    elif type(expression) is BooleanExpression:
        expression.__class__ = QuickCondition
    elif type(expression) is FilteredExpression:
        for each in expression.filters or ():
            each.__class__ = QuickFilter


# --- nodes --------------------------------------------------------------------------------------------


class QuickContent(ContentNode):
    """Text as it stands."""

    __slots__ = ()

    def render(self, context: RenderContext, buffer: Any) -> int:
        """Say it."""
        return int(buffer.write(self.text))


class QuickOutput(OutputNode):
    """`{{ total_price }}`."""

    __slots__ = ()

    def render(self, context: RenderContext, buffer: Any) -> int:
        """Say the value, escaped in HTML."""
        value = self.expression.evaluate(context)
        if type(value) is not str:
            value = to_liquid_string(value, context.autoescape)
        elif context.autoescape:
            value = escape(value)
        return int(buffer.write(value))


class QuickBlock(BlockNode):
    """What stands inside of a tag."""

    __slots__ = ()

    def render(self, context: RenderContext, buffer: Any) -> int:
        """Say all of it. A block of nothing but gaps says nothing, which python-liquid sees to."""
        if self.blank:
            return super().render(context, buffer)
        said = 0
        for node in self.nodes:
            said += node.render(context, buffer)
        return said


def _quick(block: BlockNode) -> QuickBlock:
    return QuickBlock(block.token, block.nodes)


class QuickIf(IfNode):
    """`{% if %}`."""

    __slots__ = ()

    def __init__(
        self,
        token: Token,
        condition: Expression,
        consequence: BlockNode,
        alternatives: list[ConditionalBlockNode],
        default: BlockNode | None,
    ) -> None:
        for alternative in alternatives:
            alternative.block = _quick(alternative.block)
        otherwise = _quick(default) if default else None
        super().__init__(token, condition, _quick(consequence), alternatives, otherwise)

    render = IfNode.render_to_output  # without asking for tags that are switched off: none ever is


class QuickFor(ForNode):
    """`{% for %}`."""

    __slots__ = ()

    def __init__(
        self, token: Token, expression: Any, block: BlockNode, default: BlockNode | None = None
    ) -> None:
        super().__init__(token, expression, _quick(block), _quick(default) if default else None)

    render = ForNode.render_to_output


def tag(own: type[Any], node: type[Any]) -> type[Any]:
    """python-liquid's tag with another node."""
    return type(node.__name__, (own,), {"node_class": node})


TAGS: Final = (
    tag(Literal, QuickContent),
    tag(Output, QuickOutput),
    tag(IfTag, QuickIf),
    tag(ForTag, QuickFor),
)
