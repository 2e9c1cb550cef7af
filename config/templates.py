"""Templates with their own words translated when they are loaded, once a language, not at each rendering.

A `{% translate "…" %}` is the same text in every page of a language, yet Django looks it up through lazy objects, locks
and locals each time: a tenth of the CPU of a tracking page. So a template is kept once for each language that it was
asked for in, and such texts are plain text in it. Nothing in the templates changes, and what depends on a value
(variables, plurals) is translated at rendering as ever.
"""

from collections.abc import Iterable
from typing import Any

from django.template import Context, Node, NodeList, Template
from django.template.base import TextNode, TokenType, Variable
from django.template.loaders import cached
from django.template.loaders.base import Loader as BaseLoader
from django.templatetags.i18n import BlockTranslateNode, LanguageNode, TranslateNode
from django.utils import translation


class _Translating(BaseLoader):
    def get_template(self, template_name: str, skip: Any = None) -> Template:
        template = super().get_template(template_name, skip)
        translate(template.nodelist)
        return template


class Loader(cached.Loader, _Translating):
    """Keeps templates by name and language. The language that is active when a template is looked for is the one that
    it is rendered in: they are looked for at each rendering, as Django's own views, includes and forms do."""

    def cache_key(self, template_name: str, skip: Any = None) -> str:
        return f"{translation.get_language()}:{super().cache_key(template_name, skip)}"


def translate(nodes: NodeList) -> None:
    """Put the texts of the language that is active now in place of the nodes that would look them up."""
    done: list[Node] = []
    for node in nodes:
        text = node.s if isinstance(node, TextNode) else _constant(node)
        if text is None:
            for part in _parts(node):
                translate(part)
            done.append(node)
        elif done and isinstance(done[-1], TextNode):
            done[-1] = TextNode(done[-1].s + text)
        else:
            done.append(TextNode(text))
    nodes[:] = done


def _constant(node: Node) -> str | None:
    """The node's text in the language that is active, or None when it depends on anything else."""
    match node:
        case TranslateNode(asvar=None, message_context=None, filter_expression=told):
            if not told.filters and isinstance(told.var, Variable) and told.var.literal is not None:
                return str(node.render(Context()))
        case BlockTranslateNode(asvar=None, message_context=None, plural=[] | None, singular=parts):
            if not node.extra_context and all(part.token_type == TokenType.TEXT for part in parts):
                return str(translation.gettext(node.render_token_list(parts)[0]) % {})
    return None


def _parts(node: Node) -> Iterable[NodeList]:
    """What is inside a node. Inside `{% language %}` another language is spoken."""
    if isinstance(node, LanguageNode):
        return
    for _, nodes in getattr(node, "conditions_nodelists", ()):  # of an `if`
        yield nodes
    for name in node.child_nodelists:
        nodes = getattr(node, name, None)
        # An `if` gives its parts as one list that is made anew each time: those were looked at above.
        if isinstance(nodes, NodeList) and not hasattr(node, "conditions_nodelists"):
            yield nodes
