"""Which template a message is filled from: the merchant's own, else the merchant's own blocks or the built-in design
with the merchant's own words, else the built-in one as it is."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import structlog

from merchants.scope import current_merchant
from notifications.campaigns.templates import words_of
from notifications.models import Channel, Message, MessageTemplate, WordsVersion
from notifications.rendering import Channel as Kind
from notifications.rendering import (
    CompiledTemplate,
    Rendered,
    TemplateError,
    builtin,
    email_template,
    render,
    render_push,
    render_sms,
    sms_template,
    worded,
)
from notifications.rendering.block_kinds import clean
from notifications.rendering.catalog import resolve_locale, text_source, words
from notifications.touchpoints import TOUCHPOINTS

log = structlog.get_logger(__name__)

# Which of its texts a message has on a channel. Marketing tools are handed what the mail says.
_KINDS: Final[Mapping[Channel, Kind]] = {
    Channel.EMAIL: "email", Channel.SMS: "sms", Channel.PUSH: "push",
    Channel.WEBHOOK: "email", Channel.KLAVIYO: "email",
}  # fmt: skip
# (touchpoint, language, channel)
Key = tuple[str, str, str]


def key_of(message: Message) -> Key:
    """The template that a message wants, if the merchant has it: of a campaign its own words."""
    kind = f"{message.touchpoint}:{message.campaign_id}" if message.campaign_id else message.touchpoint
    return kind, resolve_locale(message.locale), _KINDS[Channel(message.channel)]


def own_templates(messages: Sequence[Message]) -> dict[Key, CompiledTemplate]:
    """The open scope's own templates for these messages.

    Two queries, and one more for each template that this process has yet to see.
    """
    wanted = {message.touchpoint for message in messages}
    rows = MessageTemplate.objects.filter(touchpoint__in=wanted).values_list(
        "id", "saved_at", "touchpoint", "locale", "channel"
    )
    merchant_id = current_merchant().id
    return (
        _with_own_words(wanted)
        | _of_campaigns(messages)
        | {
            (touchpoint, locale, channel): _parsed(merchant_id, template_id, saved_at)
            for template_id, saved_at, touchpoint, locale, channel in rows
        }
    )


def _of_campaigns(messages: Sequence[Message]) -> dict[Key, CompiledTemplate]:
    """The words of campaigns in our design: one query, none without a campaign."""
    found = {}
    for campaign_id, spoken in words_of(messages).items():
        for locale, own in spoken.items():
            template = (
                _worded("campaign", locale, Channel.EMAIL, json.dumps([{"": own}, {}], sort_keys=True))
                if own
                else None
            )
            if template is not None:
                found[f"campaign:{campaign_id}", locale, str(Channel.EMAIL)] = template
    return found


def _with_own_words(touchpoints: set[str]) -> dict[Key, CompiledTemplate]:
    """The newest version of the open scope's words, in our design or in its own blocks, where there is one."""
    rows = WordsVersion.objects.filter(touchpoint__in=touchpoints).order_by("touchpoint", "locale", "-number")
    found = {}
    for row in rows.distinct("touchpoint", "locale"):
        own = json.dumps([row.words, row.blocks], sort_keys=True)
        for channel in TOUCHPOINTS[row.touchpoint].channels if row.words or row.blocks else ():
            template = _worded(row.touchpoint, row.locale, channel, own)
            if template is not None:
                found[row.touchpoint, row.locale, str(channel)] = template
    return found


@lru_cache(maxsize=512)
def _worded(touchpoint: str, locale: str, channel: Channel, own: str) -> CompiledTemplate | None:
    """The template with these words and blocks (JSON); None when they do not go with our design any more."""
    words, blocks = json.loads(own)
    composed = {variant: clean(each) for variant, each in blocks.items()}
    try:
        return worded(touchpoint, locale, _KINDS[channel], words, composed)
    except TemplateError as error:
        log.warning("own_words_failed", touchpoint=touchpoint, locale=locale, error=str(error))
        return None


@lru_cache(maxsize=256)
def _parsed(merchant_id: UUID, template_id: UUID, saved_at: datetime) -> CompiledTemplate:
    return parse(MessageTemplate.objects.get(merchant_id=merchant_id, pk=template_id))


def parse(template: MessageTemplate) -> CompiledTemplate:
    """A merchant's own template, ready to be filled. Raises TemplateError.

    Without a text part of its own an e-mail gets the built-in one.
    """
    if template.channel == Channel.SMS:
        return sms_template(template.locale, template.compiled)
    locale = resolve_locale(template.locale)
    text = template.text or text_source(template.touchpoint, words(template.touchpoint, locale))
    return email_template(template.locale, template.subject, "", template.compiled, text)


def fill(
    message: Message, own: Mapping[Key, CompiledTemplate], context: Mapping[str, Any]
) -> tuple[Rendered, str]:
    """The message as it goes out, and what was wrong with the merchant's own template (mostly nothing).

    An own template that fails on this order does not cost the shopper the message: the built-in one takes its
    place. Raises TemplateError when that fails as well.
    """
    complaint = ""
    if (template := own.get(key_of(message))) is not None:
        try:
            return _fill(message, template, context), ""
        except TemplateError as error:
            complaint = f"The shop's own template failed ({error}); the built-in one was used."
            log.warning("own_template_failed", touchpoint=message.touchpoint, error=str(error))
    language = resolve_locale(message.locale)
    template = builtin(message.touchpoint, language, _KINDS[Channel(message.channel)])
    return _fill(message, template, context), complaint


def _fill(message: Message, template: CompiledTemplate, context: Mapping[str, Any]) -> Rendered:
    if message.channel == Channel.SMS:
        return Rendered(subject="", preheader="", html="", text=render_sms(template, context))
    if message.channel == Channel.PUSH:
        return render_push(template, context)
    return render(template, context)
