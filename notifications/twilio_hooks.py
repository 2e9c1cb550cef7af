"""`/hooks/twilio/…`: what became of text messages, and what people answer.

Twilio signs its requests with the account's token over the address and the sorted parameters
(https://www.twilio.com/docs/usage/security#validating-requests). The address is ours from the settings, never the
request's Host.
"""

import re
from typing import Final
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from merchants.rest.decode import read_body
from merchants.rest.doors import door
from merchants.rest.errors import NotAuthenticated
from notifications import feedback, suppressions
from notifications.consent import commands as consent
from notifications.feedback import Told
from notifications.models import EventKind

STATUS_PATH: Final = "/hooks/twilio/status"
_KINDS: Final = {
    "delivered": EventKind.DELIVERED,
    "read": EventKind.OPENED,
    "undelivered": EventKind.BOUNCED,
    "failed": EventKind.FAILED,
}
# https://www.twilio.com/docs/api/errors: unknown or no longer existing number; a landline.
_FINAL_ERRORS: Final = {"30005", "30006"}

# CTIA's words and Twilio's (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out), and their German ones.
# The first ones count wherever a text begins with them, the others alone: "cancel my order" is no STOP.
_STOP_FIRST: Final = frozenset(("stop", "stopall", "stopp", "unsubscribe", "optout", "abmelden"))
_STOP_ALONE: Final = frozenset(("cancel", "end", "quit", "revoke", "ende", "abbestellen", "beenden"))
_START: Final = frozenset(("start", "unstop", "subscribe", "anmelden", "weiter"))
_HELP: Final = {"help": "en", "info": "en", "hilfe": "de", "infos": "de"}
# Any reasonable wording counts (47 CFR 64.1200(a)(10)).
_STOP_PHRASES: Final = re.compile(
    r"(no more|stop (all )?(texts?|messages?|sms|sending|texting))|remove me|opt out|leave me alone|take me off"
    r"|keine (weiteren )?(sms|nachrichten)|nicht mehr (schreiben|senden)|(bitte|please) stopp?\b|stopp? (bitte|please)"
)
_LONGEST_WISH: Final = 60


def status_url(reference: str) -> str:
    """Where Twilio tells what became of a message; "" when this installation cannot be reached from outside."""
    return f"{settings.PUBLIC_URL}{STATUS_PATH}?m={reference}" if settings.SECURE else ""


@door
def status(request: HttpRequest) -> HttpResponse:
    """Take in what became of a text message. 401 for a bad signature."""
    told = _checked(request)
    found = feedback.read_reference(request.GET.get("m", ""))
    kind = _KINDS.get(told.get("MessageStatus", ""))
    if found is not None and kind is not None:
        merchant_id, message_id = found
        error = told.get("ErrorCode", "")
        event = Told(
            message_id=message_id, kind=kind, occurred_at=timezone.now(), provider="twilio",
            key=f"{told.get('MessageSid', '')} {told['MessageStatus']}", detail=error[:20],
            is_final=error in _FINAL_ERRORS,
        )  # fmt: skip
        feedback.take([(merchant_id, event)])
    return HttpResponse(status=204)


@door
def incoming(request: HttpRequest) -> HttpResponse:
    """Take an answer in: STOP, START and HELP, in English and German. Twilio itself confirms the first two."""
    told = _checked(request)
    number, text = told.get("From", ""), told.get("Body", "")
    match wish(text):
        case "stop":
            suppressions.stop_number(number)
            consent.stop_number(number)
        case "start":
            suppressions.start_number(number)
        case ("help", language):
            with translation.override(language):
                return _answer(
                    _(
                        "This number sends news about orders that you placed."
                        " Reply STOP to end it. Message and data rates may apply."
                    )
                )
    return _answer("")


def wish(text: str) -> str | tuple[str, str]:
    """What somebody wants who wrote this: "stop", "start", ("help", language) or ""."""
    words = re.findall(r"\w+", text.casefold())
    if not words or len(text) > _LONGEST_WISH:
        return ""
    if words[0] in _STOP_FIRST or _STOP_PHRASES.search(" ".join(words)):
        return "stop"
    if len(words) > 1:
        return ""
    if words[0] in _STOP_ALONE:
        return "stop"
    if words[0] in _START:
        return "start"
    return ("help", _HELP[words[0]]) if words[0] in _HELP else ""


def _checked(request: HttpRequest) -> dict[str, str]:
    """The parameters of a request that Twilio signed. Raises NotAuthenticated."""
    # Imported here: an installation without text messages never loads Twilio's library (20 MB).
    from twilio.request_validator import RequestValidator

    read_body(request)
    told = {name: value for name, value in request.POST.items() if isinstance(value, str)}
    url = settings.PUBLIC_URL + request.get_full_path()
    signature = request.headers.get("X-Twilio-Signature", "")
    token = settings.TWILIO_AUTH_TOKEN
    if not token or not RequestValidator(token).validate(url, told, signature):
        raise NotAuthenticated("The request is not signed with the token of this account.")
    return told


def _answer(text: str) -> HttpResponse:
    """TwiML: a message back, or none."""
    said = f"<Message>{escape(text)}</Message>" if text else ""
    twiml = f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>'
    return HttpResponse(twiml, content_type="text/xml; charset=utf-8")
