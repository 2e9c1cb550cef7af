"""MJML to HTML, once, when a template is saved: the HTML still holds its Liquid tags.

mrml reads XML and knows nothing of Liquid (`<` in a condition or quotes inside an attribute end
it), so Liquid steps aside: each tag becomes a number in rare brackets, and comes back afterwards.
"""

import re
from xml.parsers import expat

from . import sandbox
from .errors import TemplateError

COMPONENTS = {
    "mjml", "mj-head", "mj-body", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint",
    "mj-font", "mj-html-attributes", "mj-selector", "mj-html-attribute", "mj-preview", "mj-style",
    "mj-title", "mj-accordion", "mj-accordion-element", "mj-accordion-title", "mj-accordion-text",
    "mj-button", "mj-carousel", "mj-carousel-image", "mj-column", "mj-divider", "mj-group",
    "mj-hero", "mj-image", "mj-navbar", "mj-navbar-link", "mj-raw", "mj-section", "mj-social",
    "mj-social-element", "mj-spacer", "mj-table", "mj-text", "mj-wrapper",
}  # fmt: skip

LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
OPEN, CLOSE = "⦃", "⦄"  # printable, or mrml escapes them inside attributes
STAND_IN = re.compile(f"{OPEN}(\\d+){CLOSE}")
MAX_NESTING = 100  # mrml recurses, and a deep enough document would end the process
NO_FONTS: dict[str, str] = {}  # mrml's own list would load web fonts from a third party into every mail


def compile_mjml(source: str) -> str:
    """HTML, with its Liquid still in it, of the MJML in `source`.

    Raises `TemplateError` for bad Liquid, MJML that is not well-formed XML (`<br />`, not `<br>`),
    an unknown component, and Liquid that MJML would have dropped. A loop around sections belongs
    into `mj-raw`.
    """
    if OPEN in source or CLOSE in source:
        raise TemplateError(f"the characters {OPEN} and {CLOSE} are reserved")
    sandbox.parse(source, sandbox.HTML)
    tags = LIQUID.findall(source)
    stripped = _step_aside(source)
    _check_structure(stripped)
    html = _to_html(stripped)
    _check_nothing_dropped(source, html)
    html = STAND_IN.sub(lambda match: tags[int(match[1])], html)
    sandbox.parse(html, sandbox.HTML)
    return html


def _step_aside(source: str) -> str:
    """`source` with a numbered stand-in for each Liquid tag, and line numbers unchanged."""
    numbers = iter(range(len(source)))

    def stand_in(match: re.Match[str]) -> str:
        return f"{OPEN}{next(numbers)}{CLOSE}" + "\n" * match[0].count("\n")

    return LIQUID.sub(stand_in, source)


def _check_structure(source: str) -> None:
    """What mrml lets pass: mismatched tags, components it drops, and endless nesting."""
    parser = expat.ParserCreate()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_NESTING:
            raise TemplateError(f"more than {MAX_NESTING} levels of nesting", parser.CurrentLineNumber)
        if name.lower().startswith("mj") and name not in COMPONENTS:
            raise TemplateError(f"there is no MJML component <{name}>", parser.CurrentLineNumber)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*parts: object) -> None:
        raise TemplateError("a document type has no place in MJML", parser.CurrentLineNumber)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(source.replace("&", "+"), True)  # HTML's entities are none of XML's
    except (expat.ExpatError, UnicodeEncodeError) as error:
        line = error.lineno if isinstance(error, expat.ExpatError) else None
        raise TemplateError(f"not well-formed MJML: {str(error).partition(':')[0]}", line) from error


def _to_html(source: str) -> str:
    import mrml  # by the first mail that is compiled: most web processes compile none

    try:
        output = mrml.to_html(
            source, render_options=mrml.RenderOptions(disable_comments=True, fonts=NO_FONTS)
        )
    except OSError as error:
        raise TemplateError(f"not valid MJML: {error}") from error
    return output.content


def _check_nothing_dropped(source: str, html: str) -> None:
    kept = {int(number) for number in STAND_IN.findall(html)}
    for number, match in enumerate(LIQUID.finditer(source)):
        if number not in kept:
            line = source.count("\n", 0, match.start()) + 1
            raise TemplateError(f"MJML drops {match[0]} here: no such attribute, or no content allowed", line)
