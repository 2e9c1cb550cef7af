"""What people do with messages: send a new link, try again, word them their own way."""

from uuid import UUID, uuid4

from django.utils import timezone

from events import due
from events import log as event_log
from merchants.audit import record_change
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from notifications import planner, planning
from notifications.choices import ADDRESSED
from notifications.facts import MessageRetried, TemplateSaved, about
from notifications.models import Channel, Message, MessageState, MessageTemplate
from notifications.rendering import TemplateError, compile_mjml, render, render_sms, sample_context
from notifications.rendering.catalog import LOCALES
from notifications.switches import switches
from notifications.touchpoints import TOUCHPOINTS
from notifications.wording import parse
from orders.commands import renew_link
from orders.models import Order

# Gmail cuts a mail off at 102 kB; the shop's data comes on top of the template.
LARGEST_MAIL = 100_000


def send_lookup_link(merchant: Merchant, order: Order, *, locale: str = "") -> Message | None:
    """Mail the order's link to the address of the order. None when it has no address.

    Each call is one mail: the caller throttles. A link that has expired is renewed first.
    """
    if not order.email:
        return None
    if order.link_expires_at <= timezone.now():
        order = renew_link(merchant, order.id)
    with merchant_transaction(merchant):
        message = planning.plan(
            merchant, order, TOUCHPOINTS["lookup_link"], Channel.EMAIL, moment=uuid4().hex
        )
        message.locale = locale or message.locale
        planning.store([message])
    return message


def send_about(
    merchant: Merchant, order_id: UUID, shipment_id: UUID | None, touchpoint: str, *, moment: str
) -> list[Message]:
    """Plan a message of the team's own choice about an order or one of its parcels; once a moment, as all are.

    Goes the road of all messages: to whoever can be reached, decided anew when it goes out. Returns what is new:
    nothing when it was sent for this moment before. Raises NotFound, and Unprocessable for an unknown touchpoint.
    """
    known = TOUCHPOINTS.get(touchpoint)
    if known is None:
        raise Unprocessable(f"There is no message {touchpoint!r}.", code="unknown_touchpoint")
    with merchant_transaction(merchant):
        order = Order.objects.defer("raw", "search").filter(pk=order_id).first()
        if order is None:
            raise NotFound("There is no such order.", param="order_id")
        how = switches([touchpoint])[touchpoint]
        planned = planner.plan_step(
            merchant, order, known, how.channels, how.reach,
            moment=moment, shipment_id=shipment_id, plan={}, has_device=False,
        )  # fmt: skip
        keys = [message.once_key for message in planned]
        if Message.objects.filter(once_key__in=keys).exists():
            return []
        planning.store(planned)
    return planned


def retry_message(merchant: Merchant, message_id: UUID) -> Message:
    """Let a message that failed or was skipped be tried again, with a fresh decision and rendering.

    Raises NotFound, and Conflict for one that was sent or is still on its way.
    """
    with merchant_transaction(merchant):
        message = Message.objects.select_for_update().filter(pk=message_id).first()
        if message is None:
            raise NotFound("There is no such message.", param="message_id")
        if message.state not in (MessageState.FAILED, MessageState.SKIPPED):
            raise Conflict(f"This message is {message.state}.", param="message_id", code="message_not_failed")
        message.state, message.reason, message.error = MessageState.PLANNED, "", ""
        message.attempts, message.due_at = 0, timezone.now()
        message.save(update_fields=["state", "reason", "error", "attempts", "due_at"])
        event_log.record(about(MessageRetried, message), order_id=message.order_id)
        due.ring_when_committed(planning.SEND)
    return message


def save_template(
    merchant: Merchant,
    touchpoint: str,
    locale: str,
    channel: str,
    *,
    source: str,
    subject: str = "",
    text: str = "",
) -> MessageTemplate:
    """Save a merchant's own wording; from the next message on it is used. Compiled here, once.

    source: MJML with Liquid for e-mail, Liquid for SMS. subject, text: Liquid, for e-mail; without a text the
    built-in one is used. Raises Unprocessable that names the field and says what is wrong with it.
    """
    _check_place(touchpoint, locale, channel)
    if channel == Channel.EMAIL and not subject.strip():
        raise Unprocessable("An e-mail needs a subject.", param="subject", code="invalid_template")
    template = MessageTemplate(
        merchant=merchant, touchpoint=touchpoint, locale=locale, channel=channel, subject=subject,
        source=source, compiled=source, text=text, saved_at=timezone.now(),
    )  # fmt: skip
    try:
        if channel == Channel.EMAIL:
            template.compiled = compile_mjml(source)
        _try(template)
    except TemplateError as error:
        raise Unprocessable(str(error), param="source", code="invalid_template") from error
    with merchant_transaction(merchant):
        columns = {
            name: getattr(template, name) for name in ("subject", "source", "compiled", "text", "saved_at")
        }
        saved, _ = MessageTemplate.objects.update_or_create(
            merchant=merchant, touchpoint=touchpoint, locale=locale, channel=channel, defaults=columns
        )
        event_log.record(TemplateSaved(touchpoint=touchpoint, locale=locale, channel=channel))
        record_change("template.saved", label=f"{touchpoint} · {channel} · {locale}")
    return saved


def _check_place(touchpoint: str, locale: str, channel: str) -> None:
    known = TOUCHPOINTS.get(touchpoint)
    if known is None:
        raise Unprocessable(
            f"There is no message {touchpoint!r}.", param="touchpoint", code="unknown_touchpoint"
        )
    if channel not in known.channels or channel not in ADDRESSED:
        raise Unprocessable(f"It is not sent over {channel!r}.", param="channel", code="unknown_channel")
    if locale not in LOCALES:
        raise Unprocessable(f"locale is one of {', '.join(LOCALES)}.", param="locale", code="unknown_locale")


def _try(template: MessageTemplate) -> None:
    """Fill the template with a made-up order: what fails now would fail for a shopper. Raises TemplateError."""
    parsed = parse(template)
    context = sample_context(template.locale, template.touchpoint)
    if template.channel == Channel.SMS:
        if not render_sms(parsed, context):
            raise TemplateError("the message is empty")
        return
    rendered = render(parsed, context)
    if not rendered.subject:
        raise TemplateError("the subject is empty")
    if len(rendered.html.encode()) > LARGEST_MAIL:
        raise TemplateError(f"the mail is larger than {LARGEST_MAIL} bytes: mail programs cut it off")
