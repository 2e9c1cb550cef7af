"""The way out of a list: the headers that mail programs make a button of (RFC 8058), and what pressing it does."""

from collections.abc import Mapping
from urllib.parse import quote
from uuid import UUID

from django.conf import settings

from merchants.ids import public_id
from merchants.models import Merchant
from notifications.choices import address_channel
from notifications.classes import rules_of
from notifications.consent import commands, links
from notifications.consent.choices import EVERYTHING, Topic
from notifications.consent.commands import Said
from notifications.consent.models import ConsentEntry
from notifications.consent.queries import consents
from notifications.models import Message
from notifications.sender import reply_address


def ways_out(merchant: Merchant, message: Message) -> Mapping[str, str]:
    """The headers of a mail whose class has a way out; none for others.

    On this installation's own host whatever the merchant's: one that lapses must not take the way out with it. The
    mailto reaches the shop's people, for mail programs that know no better. Both headers have to be under the DKIM
    signature: whoever signs (the mail server, the provider) signs them (docs/deliverability.md).
    """
    if not rules_of(message.message_class).has_way_out:
        return {}
    token = links.token(links.UNSUBSCRIBE, message.pk)
    url = f"{settings.PUBLIC_URL}/p/{merchant.slug}/{links.path(links.UNSUBSCRIBE, message.pk)}"
    ways = [f"<{url}>"]
    if mailbox := reply_address(merchant):
        ways.append(f"<mailto:{mailbox}?subject={quote('unsubscribe ' + token)}>")
    return {"List-Unsubscribe": ", ".join(ways), "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def message_of(purpose: str, token: str) -> Message | None:
    """The message of the open scope whose link this is, without its texts; None for any other text."""
    row_id: UUID | None = links.read_token(purpose, token)
    if row_id is None:
        return None
    rows = Message.objects.select_related("order", "customer").defer(
        "html", "text", "order__raw", "order__search"
    )
    return rows.filter(pk=row_id).exclude(recipient="").first()


def leave(merchant: Merchant, message: Message, topic: str, said: Said) -> list[ConsentEntry]:
    """Take whoever got this message off a topic ("" for all). Done twice it adds nothing.

    Somebody who had agreed withdraws, anybody else objects.
    """
    channel = address_channel(message.channel)
    known = consents([(channel, message.recipient)]).of(channel, message.recipient)
    topics = Topic.values if topic == EVERYTHING else [topic]
    if all(known.of(each).refused for each in topics):
        return []
    had_agreed = any(known.of(each).agreed for each in topics)
    say = commands.withdraw if had_agreed else commands.object_to
    proof = {**said.proof, "message_id": public_id("msg", message.pk)}
    words = Said(
        source=said.source, wording=said.wording, locale=said.locale, ip=said.ip, url=said.url, proof=proof
    )
    return [say(merchant, channel, message.recipient, topic, words)]
