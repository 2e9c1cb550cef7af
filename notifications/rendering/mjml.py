"""MJML to HTML, once, when a template is saved: the HTML still holds its Liquid tags.

mrml reads XML and knows nothing of Liquid (`<` in a condition or quotes inside an attribute end it), so Liquid steps
aside: each tag becomes a number in rare brackets, and comes back afterwards.
"""

import re
from xml.parsers import expat

import mrml

from . import sandbox
from .errors import TemplateError

COMPONENTS = frozenset(
    "mjml mj-head mj-body mj-attributes mj-all mj-class mj-breakpoint mj-font mj-html-attributes mj-selector "
    "mj-html-attribute mj-preview mj-style mj-title mj-accordion mj-accordion-element mj-accordion-title "
    "mj-accordion-text mj-button mj-carousel mj-carousel-image mj-column mj-divider mj-group mj-hero mj-image "
    "mj-navbar mj-navbar-link mj-raw mj-section mj-social mj-social-element mj-spacer mj-table mj-text "
    "mj-wrapper".split()
)

LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
OPEN, CLOSE = "⦃", "⦄"  # printable, or mrml escapes them inside attributes
STAND_IN = re.compile(f"{OPEN}(\\d+){CLOSE}")
TAG = re.compile(r"</?\s*(mj[\w-]*)", re.IGNORECASE)
ENTITY = re.compile(r"&#?\w+;")
NO_FONTS: dict[str, str] = {}  # mrml's own list would load web fonts from a third party into every mail


def compile_mjml(source: str) -> str:
    """HTML, with its Liquid still in it, of the MJML in `source`.

    Raises `TemplateError` for bad Liquid, bad MJML, an unknown component, and Liquid that MJML would have dropped
    (a loop around sections belongs into `mj-raw`).
    """
    if OPEN in source or CLOSE in source:
        raise TemplateError(f"the characters {OPEN} and {CLOSE} are reserved")
    sandbox.parse(source, sandbox.HTML)
    _check_components(source)
    tags = LIQUID.findall(source)
    html = _to_html(_step_aside(source))
    _check_nothing_dropped(source, html)
    html = STAND_IN.sub(lambda match: tags[int(match[1])], html)
    sandbox.parse(html, sandbox.HTML)
    return html


def _step_aside(source: str) -> str:
    """`source` with a numbered stand-in for each Liquid tag; line breaks inside a tag stay, to keep line numbers."""
    numbers = iter(range(len(source)))

    def stand_in(match: re.Match[str]) -> str:
        return f"{OPEN}{next(numbers)}{CLOSE}" + "\n" * match[0].count("\n")

    return LIQUID.sub(stand_in, source)


def _check_components(source: str) -> None:
    """mrml drops what it does not know without a word."""
    for match in TAG.finditer(source):
        if match[1] not in COMPONENTS:
            raise TemplateError(f"there is no MJML component <{match[1]}>", _line(source, match.start()))


def _to_html(source: str) -> str:
    try:
        output = mrml.to_html(
            source, render_options=mrml.RenderOptions(disable_comments=True, fonts=NO_FONTS)
        )
    except OSError as error:
        raise _located(source, error) from error
    return output.content


def _located(source: str, error: OSError) -> TemplateError:
    """mrml says that, expat often says where: ask it about the same text, with entities made harmless."""
    if "<!DOCTYPE" not in source and "<!ENTITY" not in source:
        try:
            expat.ParserCreate().Parse(ENTITY.sub("x", source), True)
        except expat.ExpatError as found:
            return TemplateError(f"not well-formed MJML: {expat.ErrorString(found.code)}", found.lineno)
    return TemplateError(f"not valid MJML: {error}")


def _check_nothing_dropped(source: str, html: str) -> None:
    kept = {int(number) for number in STAND_IN.findall(html)}
    for number, match in enumerate(LIQUID.finditer(source)):
        if number not in kept:
            raise TemplateError(
                f"{match[0]} stands where MJML drops it; put it into <mj-raw>", _line(source, match.start())
            )


def _line(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1
