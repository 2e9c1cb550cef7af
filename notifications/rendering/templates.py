"""From a compiled template and plain data to a message."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from liquid import BoundTemplate

from . import blocks, catalog, sandbox, sms
from .block_kinds import Block
from .context import prepare
from .errors import TemplateError
from .mjml import compile_mjml

Channel = Literal["email", "sms", "push"]
MAX_SUBJECT = 200
# Of a notification a telephone shows about so much, and all of it has to fit into 4 KB (RFC 8030, 7.2).
MAX_PUSH_TITLE, MAX_PUSH = 100, 240

# Every control character and every line or paragraph separator of Unicode: a header must stay one
# line. The directional controls go too: they can make a subject read as something else.
HEADER_BREAKERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
LINE_BREAKS = re.compile(r"\r\n?|[\u2028\u2029]")
BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class CompiledTemplate:
    """A message ready to be filled, parsed once and shared by all threads.

    E-mail has subject, preheader, html and text; SMS has only text; push has a title (`subject`) and text. `variants`
    are whole templates of their own for some statuses of a parcel.
    """

    locale: str
    channel: Channel
    text: BoundTemplate
    subject: BoundTemplate | None = None
    preheader: BoundTemplate | None = None
    html: BoundTemplate | None = None
    variants: Mapping[str, "CompiledTemplate"] = field(default_factory=dict)

    def fitting(self, context: Mapping[str, Any]) -> "CompiledTemplate":
        """The variant for the sub-status of the parcel, else for its status, else this template."""
        parcel = context.get("shipment") or {}
        for code in (parcel.get("substatus"), parcel.get("status")):
            if variant := self.variants.get(str(code)):
                return variant
        return self


@dataclass(frozen=True)
class Rendered:
    """An e-mail as it is sent: subject and preheader of one line each, HTML and plain text."""

    subject: str
    preheader: str
    html: str
    text: str


def email_template(locale: str, subject: str, preheader: str, html: str, text: str) -> CompiledTemplate:
    """An e-mail out of Liquid sources, `html` being what `compile_mjml` gave.

    Raises `TemplateError`.
    """
    return CompiledTemplate(
        locale=locale,
        channel="email",
        subject=sandbox.parse(subject, sandbox.TEXT),
        preheader=sandbox.parse(preheader, sandbox.TEXT),
        html=sandbox.parse(html, sandbox.HTML),
        text=sandbox.parse(text, sandbox.TEXT),
    )


def sms_template(locale: str, text: str) -> CompiledTemplate:
    """An SMS template out of its Liquid source; raises `TemplateError`."""
    return CompiledTemplate(locale=locale, channel="sms", text=sandbox.parse(text, sandbox.TEXT))


def builtin(touchpoint: str, locale: str, channel: Channel = "email") -> CompiledTemplate:
    """The built-in template in the nearest language (de-AT, de, en), compiled once a process."""
    return _builtin(touchpoint, catalog.resolve_locale(locale), channel)


@lru_cache(maxsize=128)
def _builtin(touchpoint: str, locale: str, channel: Channel) -> CompiledTemplate:
    codes = catalog.VARIANTS.get(touchpoint, {})
    compiled = {variant: _compile(touchpoint, locale, channel, variant) for variant in ("", *codes.values())}
    return replace(compiled[""], variants={code: compiled[variant] for code, variant in codes.items()})


@lru_cache(maxsize=512)
def _compile(touchpoint: str, locale: str, channel: Channel, variant: str) -> CompiledTemplate:
    return _worded(touchpoint, locale, channel, catalog.words(touchpoint, locale, variant))


def worded(
    touchpoint: str,
    locale: str,
    channel: Channel,
    own: Mapping[str, Mapping[str, str]],
    composed: Mapping[str, Sequence[Block]] | None = None,
) -> CompiledTemplate:
    """The built-in template with a merchant's own words in it, by variant ("": the general ones).

    composed: the blocks of those variants whose mail the merchant composed (`block_kinds`).
    Words are plain text with Liquid: markup in them is shown as it is written. Raises `TemplateError`.
    """
    codes = catalog.VARIANTS.get(touchpoint, {})
    compiled = {
        variant: _worded(
            touchpoint,
            locale,
            channel,
            wording(touchpoint, locale, own, variant),
            (composed or {}).get(variant, ()),
        )
        for variant in {"", *codes.values()}
    }
    return replace(compiled[""], variants={code: compiled[variant] for code, variant in codes.items()})


def worded_as(
    touchpoint: str,
    locale: str,
    channel: Channel,
    own: Mapping[str, Mapping[str, str]],
    variant: str,
    composed: Sequence[Block] = (),
) -> CompiledTemplate:
    """As `worded`, but the one variant alone, whatever the parcel that it is filled with would choose."""
    return _worded(touchpoint, locale, channel, wording(touchpoint, locale, own, variant), composed)


def wording(
    touchpoint: str, locale: str, own: Mapping[str, Mapping[str, str]], variant: str = ""
) -> Mapping[str, str]:
    """All words of a message as it goes out: the merchant's where there are any, else the built-in ones.

    What a variant says by itself stays when the general words are changed.
    """
    general = own.get("", {})
    if not variant:
        return {**catalog.words(touchpoint, locale), **general}
    built_in = catalog.words(touchpoint, locale, variant)
    said = catalog.own_words(touchpoint, locale, variant)
    inherited = {name: text for name, text in general.items() if name not in said}
    return {**built_in, **inherited, **own.get(variant, {})}


def _worded(
    touchpoint: str, locale: str, channel: Channel, words: Mapping[str, str], composed: Sequence[Block] = ()
) -> CompiledTemplate:
    if channel == "sms":
        return sms_template(locale, words["sms"])
    if channel == "push":
        title = sandbox.parse("{{ shop.name }}: " + words["heading"], sandbox.TEXT)
        return CompiledTemplate(locale, "push", sandbox.parse(words["push"], sandbox.TEXT), title)
    if composed:
        source, text = (
            blocks.mjml(touchpoint, locale, words, composed),
            blocks.text(touchpoint, words, composed),
        )
    else:
        source, text = catalog.mjml_source(touchpoint, locale, words), catalog.text_source(touchpoint, words)
    html = compile_mjml(source)
    return email_template(locale, words["subject"], words["preheader"], html, text)


def render(template: CompiledTemplate, context: Mapping[str, Any]) -> Rendered:
    """Fill an e-mail template; raises `TemplateError` when the template breaks a limit."""
    context = prepare(context)
    template = template.fitting(context)
    if template.subject is None or template.preheader is None or template.html is None:
        raise TemplateError("this is not an e-mail template")
    return Rendered(
        subject=one_line(sandbox.fill(template.subject, context)),
        preheader=one_line(sandbox.fill(template.preheader, context)),
        html=CONTROLS.sub("", sandbox.fill(template.html, context)),
        text=_tidy(sandbox.fill(template.text, context)),
    )


def render_sms(template: CompiledTemplate, context: Mapping[str, Any]) -> str:
    """Fill an SMS template: one line, in the GSM-7 alphabet as far as its words allow."""
    if template.channel != "sms":
        raise TemplateError("this is not an SMS template")
    context = prepare(context)
    template = template.fitting(context)
    return sms.to_gsm7(" ".join(HEADER_BREAKERS.sub(" ", sandbox.fill(template.text, context)).split()))


def render_push(template: CompiledTemplate, context: Mapping[str, Any]) -> Rendered:
    """Fill a push template: a title and a text of one short line each."""
    context = prepare(context)
    template = template.fitting(context)
    if template.channel != "push" or template.subject is None:
        raise TemplateError("this is not a push template")
    title = one_line(sandbox.fill(template.subject, context), MAX_PUSH_TITLE)
    return Rendered(title, "", "", one_line(sandbox.fill(template.text, context), MAX_PUSH))


def one_line(text: str, longest: int = MAX_SUBJECT) -> str:
    """`text` safe for a mail header: one line of readable length, no control characters."""
    line = " ".join(HEADER_BREAKERS.sub(" ", text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _tidy(text: str) -> str:
    """Plain text with plain line breaks, and never more than one empty line in a row."""
    text = CONTROLS.sub("", LINE_BREAKS.sub("\n", text))
    text = "\n".join([line.rstrip(" \t") for line in text.split("\n")])
    return BLANK_LINES.sub("\n\n", text).strip() + "\n"
