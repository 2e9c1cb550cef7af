"""The message log: what was sent, what was not and why, and exactly what people got."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from dashboard import counts, listing, words
from dashboard.access import Seat, id_or_404, merchant_view
from dashboard.fact_words import FACTS
from dashboard.mail_frame import SCHEMES, in_frame
from dashboard.message_why import why_of
from dashboard.shell import page
from dashboard.words import Label, label
from merchants.audit import record_change
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.permissions import Permission
from merchants.rest.errors import Conflict
from merchants.scope import merchant_transaction
from notifications import commands, queries
from notifications.models import Channel, Message, MessageState
from notifications.reasons import Reason, sentence
from notifications.rendering.sms import count
from notifications.touchpoints import TOUCHPOINTS

TABS: dict[str, tuple[Any, tuple[MessageState, ...]]] = {
    "all": (gettext_lazy("All"), ()),
    "sent": (gettext_lazy("Sent"), (MessageState.SENT,)),
    "planned": (gettext_lazy("Planned"), (MessageState.PLANNED, MessageState.SENDING)),
    "skipped": (gettext_lazy("Not sent"), (MessageState.SKIPPED,)),
    "failed": (gettext_lazy("Failed"), (MessageState.FAILED,)),
}
_LONGEST_SEARCH = 254


@dataclass(frozen=True)
class Row:
    """A message as the log shows it."""

    message: Message
    url: str
    state: Label
    touchpoint: Any
    channel: Any
    reason: str
    order_url: str
    customer_url: str


@require_safe
@merchant_view()
def message_log(request: HttpRequest, seat: Seat) -> HttpResponse:
    """`?tab=`, `?q=` (recipient), `?touchpoint=`, `?channel=` and `?cursor=` say which messages."""
    given, tab = _given(request)
    stretch = listing.newest(request, _of_tab(_filtered(given), tab), by="planned_at")
    context = {
        "rows": [_row(seat.merchant, message) for message in stretch.rows],
        "stretch": stretch,
        "given": given,
        "is_filtered": any(given.values()),
        "tab": tab,
        "start_url": listing.url_with(request),
        "no_filter_url": listing.url_with(request, q="", touchpoint="", channel=""),
    }
    if request.htmx and "more" in (request.htmx.target or ""):  # type: ignore[attr-defined]
        return render(request, "dashboard/messages.html#rows", context)
    context["tabs"] = _tabs(request, seat.merchant, _filtered(given), tab)
    context["touchpoints"] = [(key, words.TOUCHPOINTS.get(key, key)) for key in TOUCHPOINTS]
    context["channels"] = list(words.CHANNELS.items())
    return page(request, seat, "dashboard/messages.html", context, section="messages")


@require_safe
@merchant_view()
def message(request: HttpRequest, seat: Seat, message_id: str) -> HttpResponse:
    """One message: what went out, to whom, when, why or why not. `?scheme=` shows the mail light or dark."""
    found = _get(id_or_404("msg", message_id))
    scheme = _choice(request, "scheme", SCHEMES)
    context = {
        "row": _row(seat.merchant, found),
        "message": found,
        "fact": label(FACTS, found.fact_type) if found.fact_type else None,
        "preview_url": f"/app/{seat.merchant.slug}/messages/{message_id}/preview/" if found.html else "",
        "scheme": scheme,
        "schemes": [("light", _("Light")), ("dark", _("Dark"))],
        "sms_count": count(found.text) if found.channel == Channel.SMS and found.text else None,
        "why": why_of(found),
        # Chance has decided, and always the same way.
        "can_retry": found.state in (MessageState.FAILED, MessageState.SKIPPED)
        and found.reason != Reason.HOLDOUT,
        "retry_url": f"/app/{seat.merchant.slug}/messages/{message_id}/retry/",
        "outcome": words.OUTCOMES.get(found.outcome),
        "events": [
            (words.MESSAGE_EVENTS.get(event.kind, event.kind), event) for event in queries.events_of(found)
        ],
        "error_line": found.error.strip().splitlines()[-1] if found.error.strip() else "",
    }
    return page(request, seat, "dashboard/message.html", context, section="messages")


@require_safe
@xframe_options_sameorigin
@merchant_view()
def preview(request: HttpRequest, seat: Seat, message_id: str) -> HttpResponse:
    """The HTML that went out, byte for byte, under a policy that lets it do nothing. `?scheme=`: by day or by night."""
    found = _get(id_or_404("msg", message_id))
    if not found.html:
        raise Http404
    return in_frame(found.html, request.GET.get("scheme", ""))


@require_POST
@merchant_view(needs=Permission.ACT)
def retry(request: HttpRequest, seat: Seat, message_id: str) -> HttpResponse:
    """Let a failed message go out after all."""
    found = _get(id_or_404("msg", message_id))
    try:
        with merchant_transaction(seat.merchant):
            commands.retry_message(seat.merchant, found.id)
            record_change("message.retried", message_id, found.touchpoint)
    except Conflict:
        toasts.error(request, _("This message was sent already, or is on its way."))
    else:
        toasts.success(request, _("The message will be tried again within seconds."))
    return redirect("dashboard:message", seat.merchant.slug, message_id)


def listed(request: HttpRequest) -> QuerySet[Message]:
    """The messages that the list's address says."""
    given, tab = _given(request)
    return _of_tab(_filtered(given), tab)


def _given(request: HttpRequest) -> tuple[dict[str, str], str]:
    given = {
        "q": request.GET.get("q", "").replace("\0", "")[:_LONGEST_SEARCH].strip().lower(),
        "touchpoint": _choice(request, "touchpoint", TOUCHPOINTS),
        "channel": _choice(request, "channel", Channel.values),
    }
    return given, _choice(request, "tab", TABS) or "all"


def _get(message_id: UUID) -> Message:
    found: Message | None = Message.objects.select_related("order").filter(pk=message_id).first()
    if found is None:
        raise Http404
    return found


def _choice(request: HttpRequest, name: str, choices: Any) -> str:
    value = request.GET.get(name, "")
    return value if value in choices else ""


def _filtered(given: dict[str, str]) -> QuerySet[Message]:
    rows: QuerySet[Message] = Message.objects.select_related("order", "customer").defer(
        "html", "text", "error"
    )
    if given["q"]:
        rows = rows.filter(recipient__startswith=given["q"])
    for name in ("touchpoint", "channel"):
        if given[name]:
            rows = rows.filter(**{name: given[name]})
    return rows


def _of_tab(rows: QuerySet[Message], tab: str) -> QuerySet[Message]:
    states = TABS[tab][1]
    return rows.filter(state__in=states) if states else rows


def _tabs(
    request: HttpRequest, merchant: Merchant, rows: QuerySet[Message], current: str
) -> list[dict[str, Any]]:
    capped = counts.capped_counts(merchant, {name: _of_tab(rows, name) for name in TABS})
    return [
        {
            "words": text,
            "count": counts.shown(capped[name]),
            "url": listing.url_with(request, tab="" if name == "all" else name),
            "current": name == current,
        }
        for name, (text, _states) in TABS.items()
    ]


def _row(merchant: Merchant, message: Message) -> Row:
    order_id = public_id("ord", message.order_id) if message.order_id else ""
    customer_id = public_id("cus", message.customer_id) if message.customer_id else ""
    return Row(
        message=message,
        url=f"/app/{merchant.slug}/messages/{public_id('msg', message.id)}/",
        state=words.OUTCOMES.get(message.outcome) or label(words.MESSAGE_STATES, message.state),
        touchpoint=words.TOUCHPOINTS.get(message.touchpoint, message.touchpoint),
        channel=words.CHANNELS.get(message.channel, message.channel),
        reason=sentence(message.reason),
        order_url=f"/app/{merchant.slug}/orders/{order_id}/" if order_id else "",
        customer_url=f"/app/{merchant.slug}/customers/{customer_id}/" if customer_id else "",
    )
