"""Why somebody did, or did not, get a message: from the fact that set it off to what its provider told last. JSON."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from events.models import Fact
from merchants.ids import public_id
from merchants.models import Merchant
from notifications.models import Message, MessageEvent, MessageState
from notifications.reasons import Reason, sentence

_NEWS = (
    "message.sent", "message.skipped", "message.failed", "message.delivered", "message.undelivered",
    "message.complained", "message.retried",
)  # fmt: skip


def explain_messages(merchant: Merchant, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Each of these messages of the open scope, explained: four statements, however many."""
    triggers = Fact.objects.in_bulk([m.fact_position for m in messages if m.fact_position])
    news = _news(messages)
    events: dict[UUID, list[MessageEvent]] = {}
    ids = [message.pk for message in messages]
    for event in MessageEvent.objects.filter(message_id__in=ids).order_by("occurred_at", "id"):
        events.setdefault(event.message_id, []).append(event)
    return [
        {
            **_head(message),
            "trigger": _trigger(message, triggers.get(message.fact_position or 0)),
            "planning": _planning(message),
            "sending": _sending(message, news.get(message.pk, ())),
            "rendering": _rendering(merchant, message),
            "provider": _provider(message),
            "later": _later(events.get(message.pk, ()), news.get(message.pk, ())),
        }
        for message in messages
    ]


def _news(messages: Iterable[Message]) -> Mapping[UUID, list[Fact]]:
    """The facts about the messages themselves."""
    ids = {str(message.pk) for message in messages}
    orders = {message.order_id for message in messages if message.order_id}
    about_orders = Fact.objects.filter(order_id__in=orders, type__in=_NEWS)
    rows = list(about_orders.order_by("position"))
    if others := [str(message.pk) for message in messages if not message.order_id]:
        rows += Fact.objects.filter(order_id=None, type__in=_NEWS, data__message_id__in=others).order_by(
            "position"
        )
    found: dict[UUID, list[Fact]] = {}
    for row in rows:
        if row.data["message_id"] in ids:
            found.setdefault(UUID(row.data["message_id"]), []).append(row)
    return found


def _head(message: Message) -> dict[str, Any]:
    return {
        "id": public_id("msg", message.pk),
        "order_id": public_id("ord", message.order_id) if message.order_id else None,
        "customer_id": public_id("cus", message.customer_id) if message.customer_id else None,
        "touchpoint": message.touchpoint,
        "message_class": message.message_class,
        "channel": message.channel,
        "recipient": message.recipient,
        "locale": message.locale,
        "state": message.state,
        "reason": message.reason,
        "reason_text": sentence(message.reason),
    }


def _trigger(message: Message, fact: Fact | None) -> dict[str, Any]:
    if fact is None:
        how = "flow" if message.plan.get("flow") else "command"
        return {"kind": how, "type": message.fact_type or None}
    return {
        "kind": "fact",
        "position": fact.position,
        "type": fact.type,
        "recorded_at": _at(fact.recorded_at),
        "data": fact.data,
    }


def _planning(message: Message) -> dict[str, Any]:
    """When and how it was planned. version 0: as it was built."""
    plan = message.plan
    began_skipped = message.state == MessageState.SKIPPED and message.attempts == 0
    return {
        "at": _at(message.planned_at),
        "decision": "skipped" if began_skipped else "planned",
        "reason": message.reason if began_skipped else "",
        "version": plan.get("version", 0),
        "conditions": plan.get("conditions", []),
        "decided_at_sending": plan.get("live", []),
        **{name: plan[name] for name in ("at", "zone", "then", "remind_days", "reminds", "instead_of", "flow", "step")
           if name in plan and name != "at"},
        **({"time_of_day": plan["at"]} if "at" in plan else {}),
    }  # fmt: skip


def _sending(message: Message, news: Sequence[Fact]) -> dict[str, Any]:
    """What was decided when it was to go out. `decision` is empty while it waits or when it did not come to that."""
    if message.attempts == 0:
        return {"decision": "", "at": None, "next_try_at": _at(message.due_at), "holdout_percent": 0}
    ended = next((fact for fact in reversed(news) if fact.type in _NEWS[:3]), None)
    return {
        "decision": message.state,
        "at": _at(ended.recorded_at) if ended else None,
        "reason": message.reason,
        "reason_text": sentence(message.reason),
        "attempts": message.attempts,
        "next_try_at": _at(message.due_at),
        "holdout_percent": message.holdout_percent,
        "held_out": message.reason == Reason.HOLDOUT,
    }


def _rendering(merchant: Merchant, message: Message) -> dict[str, Any] | None:
    """Where the exact rendering is, and its fingerprint. None for one that was never written."""
    if not (message.html or message.text):
        return None
    name = public_id("msg", message.pk)
    return {
        "subject": message.subject,
        "message_id": message.message_id,
        "html_bytes": len(message.html.encode()),
        "text_bytes": len(message.text.encode()),
        "sha256": hashlib.sha256((message.html + message.text).encode()).hexdigest(),
        "api": f"/api/v1/messages/{name}",
        "page": f"/app/{merchant.slug}/messages/{name}/",
    }


def _provider(message: Message) -> dict[str, Any]:
    return {
        "name": message.provider,
        "reference": message.provider_reference,
        "sent_at": _at(message.sent_at),
        "outcome": message.outcome,
        "error": message.error,
    }


def _later(events: Sequence[MessageEvent], news: Sequence[Fact]) -> list[dict[str, Any]]:
    """What its provider told, and what we recorded of it, oldest first."""
    told = [
        {"at": _at(event.occurred_at), "kind": event.kind, "by": event.provider, "detail": event.detail}
        for event in events
    ]
    told += [
        {
            "at": _at(fact.recorded_at),
            "kind": fact.type,
            "by": "log",
            "detail": str(fact.data.get("detail", "")),
        }
        for fact in news
    ]
    return sorted(told, key=lambda each: str(each["at"]))


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
