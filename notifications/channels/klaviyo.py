"""Messages to Klaviyo as events of a profile, which the shop's flows there are set off by.

`POST /api/events` of revision 2026-10-15: https://developers.klaviyo.com/en/reference/create_event, its OpenAPI
document `klaviyo/openapi: openapi/stable/apis/create_event.json`, and for statuses and limits
https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling. 202 says that an event was taken. An event with
the `unique_id`, metric and profile of an earlier one is dropped, so repeats are safe: also when no answer came, and
also of marketing. 429 names seconds in `Retry-After`; 401 and 403 speak of the key; other 4xx list what is wrong.
"""

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.utils import timezone

from notifications.channels.tool import Told, ToolConnection, post
from notifications.marketing_tools.handed import Handed, Person
from notifications.marketing_tools.models import MarketingTool
from notifications.models import Channel

REVISION: Final = "2026-10-15"
_JSON_API: Final = "application/vnd.api+json"
# Longer strings are refused ("each string cannot be larger than 100 KB").
_LONGEST: Final = 100_000
# A value makes revenue: only the message about an order that was placed has one.
_WORTH: Final = "order.placed"


class KlaviyoConnection(ToolConnection):
    """The merchants' Klaviyo accounts."""

    channel = Channel.KLAVIYO
    closed = frozenset({401, 403})
    drops_repeats = True

    def hand(self, tool: MarketingTool, message: Handed) -> Told:
        """Create the event of a message."""
        base = settings.KLAVIYO_API_URL.rstrip("/")
        headers = {
            "Authorization": f"Klaviyo-API-Key {tool.secret}", "revision": REVISION, "Accept": _JSON_API,
            "Content-Type": _JSON_API,
        }  # fmt: skip
        answer = post(f"{base}/api/events", headers, event(message), allow=_allowed(base))
        if isinstance(answer, Told):
            return answer
        said = f"{answer.status} {errors(answer.body)}".replace("\0", "").strip().replace(tool.secret, "••••")
        return Told(answer.status, said[:500], answer.headers.get("Retry-After", "")[:100])


def metric(touchpoint: str) -> str:
    """What its events are called in Klaviyo: the same in every language, for flows hang on it."""
    return f"Afterward {touchpoint.replace('_', ' ')}"


def event(message: Handed) -> bytes:
    """The body: JSON:API. Plain values at the top can make segments there; `$extra` is for what cannot."""
    attributes: dict[str, Any] = {
        "metric": {"data": {"type": "metric", "attributes": {"name": metric(message.touchpoint)}}},
        "profile": {"data": {"type": "profile", "attributes": _profile(message.recipient)}},
        "properties": _properties(message),
        "unique_id": message.id,
        "time": timezone.now().isoformat(timespec="seconds"),
    }
    if message.total is not None and message.event == _WORTH:
        attributes |= {"value": float(message.total.amount), "value_currency": message.total.currency}
    return msgspec.json.encode({"data": {"type": "event", "attributes": attributes}})


def errors(body: bytes) -> str:
    """What an answer says is wrong: the details of its `errors`, with the place of each. "" for anything else."""
    try:
        listed = msgspec.json.decode(body, type=_Errors).errors
    except msgspec.DecodeError:
        return ""
    return "; ".join(f"{each.detail or each.title} {each.source.pointer}".strip() for each in listed)


class _Source(msgspec.Struct):
    pointer: str = ""


class _Error(msgspec.Struct):
    title: str = ""
    detail: str = ""
    source: _Source = msgspec.field(default_factory=_Source)


class _Errors(msgspec.Struct):
    errors: list[_Error]


def _profile(person: Person) -> dict[str, str]:
    """Known by the e-mail address. Not by an id of ours: it would take the place of one that the shop gave."""
    found = {
        "email": person.email, "phone_number": person.phone, "first_name": person.first_name,
        "last_name": person.last_name,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def _properties(message: Handed) -> dict[str, Any]:
    content = {"text": message.content.text, "html": message.content.html}
    about = {
        "message_class": message.message_class, "topic": message.topic, "locale": message.locale,
        "event": message.event, "basis": message.basis, "order_id": message.order_id,
        "shipment_id": message.shipment_id, "subject": message.content.subject,
    }  # fmt: skip
    return {
        **message.properties,
        **{name: value for name, value in about.items() if value},
        "$extra": {name: text for name, text in content.items() if text and len(text.encode()) < _LONGEST},
    }


def _allowed(base: str) -> tuple[str, ...]:
    """A stand-in that the operator names may be called wherever it is."""
    parts = urlsplit(base)
    return (parts.netloc,) if parts.hostname != "a.klaviyo.com" else ()
