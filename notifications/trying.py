"""How a message would look: a touchpoint with words that are being written, filled with a real order of the shop.

Nothing is stored, and nobody is written to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from merchants.models import Merchant
from notifications import context, own_words
from notifications.models import Channel, Message
from notifications.rendering import (
    Rendered,
    render,
    render_push,
    render_sms,
    sample_context,
)
from notifications.rendering.block_kinds import Block
from notifications.rendering.sms import Count, count
from notifications.rendering.templates import worded_as


@dataclass(frozen=True)
class Look:
    """A message as it would go out. `order_number`: whose order it is filled with, "" for a made-up one."""

    mail: Rendered
    sms: str
    push: Rendered | None
    order_number: str

    @property
    def size(self) -> int:
        """Bytes of the mail's HTML."""
        return len(self.mail.html.encode())

    @property
    def sms_count(self) -> Count:
        """What a carrier makes of the text message."""
        return count(self.sms)


def look(
    merchant: Merchant, touchpoint: str, locale: str, variant: str, texts: Mapping[str, str],
    blocks: Sequence[Block] = (),
) -> Look:  # fmt: skip
    """The message with these words, its mail made of these blocks if there are any.

    Raises TemplateError for words that cannot be filled."""
    words = {**own_words.shown(touchpoint, locale, variant, {}), **texts}
    own = {variant: words}
    filled, number = _filled_with(merchant, touchpoint, locale)
    filled |= {"may_offer": True}
    mail = render(worded_as(touchpoint, locale, "email", own, variant, blocks), filled)
    sms = ""
    if "sms" in words:
        sms = render_sms(worded_as(touchpoint, locale, "sms", own, variant), filled)
    push = None
    if "push" in words:
        push = render_push(worded_as(touchpoint, locale, "push", own, variant), filled)
    return Look(mail, sms, push, number)


def _filled_with(merchant: Merchant, touchpoint: str, locale: str) -> tuple[dict[str, object], str]:
    """What the newest real message of this kind was filled with; a made-up order in a new shop."""
    message = (
        Message.objects.filter(touchpoint=touchpoint, channel=Channel.EMAIL, order__isnull=False)
        .order_by("-planned_at", "-id")
        .first()
    )
    if message is None:
        return sample_context(locale, touchpoint), ""
    message.locale = locale
    loaded = context.load(merchant, [message])
    return context.context_of(message, loaded), loaded.order(message).number
