"""Which template a message is filled from: the merchant's own, else the built-in one."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import structlog

from merchants.scope import current_merchant
from notifications.models import Channel, Message, MessageTemplate
from notifications.rendering import (
    CompiledTemplate,
    Rendered,
    TemplateError,
    builtin,
    email_template,
    render,
    render_sms,
    sms_template,
)
from notifications.rendering.catalog import resolve_locale, text_source

log = structlog.get_logger(__name__)

# (touchpoint, language, channel)
Key = tuple[str, str, str]


def key_of(message: Message) -> Key:
    """The template that a message wants, if the merchant has it."""
    return message.touchpoint, resolve_locale(message.locale), message.channel


def own_templates(messages: Iterable[Message]) -> dict[Key, CompiledTemplate]:
    """The open scope's own templates for these messages.

    One query, and one more for each template that this process has yet to see.
    """
    wanted = {message.touchpoint for message in messages}
    rows = MessageTemplate.objects.filter(touchpoint__in=wanted).values_list(
        "id", "saved_at", "touchpoint", "locale", "channel"
    )
    merchant_id = current_merchant().id
    return {
        (touchpoint, locale, channel): _parsed(merchant_id, template_id, saved_at)
        for template_id, saved_at, touchpoint, locale, channel in rows
    }


@lru_cache(maxsize=256)
def _parsed(merchant_id: UUID, template_id: UUID, saved_at: datetime) -> CompiledTemplate:
    return parse(MessageTemplate.objects.get(merchant_id=merchant_id, pk=template_id))


def parse(template: MessageTemplate) -> CompiledTemplate:
    """A merchant's own template, ready to be filled. Raises TemplateError.

    Without a text part of its own an e-mail gets the built-in one.
    """
    if template.channel == Channel.SMS:
        return sms_template(template.locale, template.compiled)
    text = template.text or text_source(template.touchpoint, resolve_locale(template.locale))
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
    touchpoint, language, _ = key_of(message)
    template = builtin(touchpoint, language, "sms" if message.channel == Channel.SMS else "email")
    return _fill(message, template, context), complaint


def _fill(message: Message, template: CompiledTemplate, context: Mapping[str, Any]) -> Rendered:
    if message.channel == Channel.SMS:
        return Rendered(subject="", preheader="", html="", text=render_sms(template, context))
    return render(template, context)
