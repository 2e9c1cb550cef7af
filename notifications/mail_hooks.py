"""`POST /hooks/mail/<provider>`: what a mail provider tells about messages, read by django-anymail.

Every provider signs in with one of `AFTERWARD_MAIL_WEBHOOK_SECRETS` (basic authentication); Mailgun and SendGrid sign
their webhooks as well when their key is set (docs/production.md). Without a secret the door stays closed.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, Final
from uuid import UUID

import structlog
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, RejectReason
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from merchants.rest.decode import read_body
from merchants.rest.doors import door
from merchants.rest.errors import InvalidBody, NotAuthenticated
from notifications import feedback
from notifications.feedback import METADATA, Told
from notifications.models import EventKind

log = structlog.get_logger(__name__)

PROVIDERS: Final = {
    "brevo": "BrevoTrackingWebhookView",
    "mailgun": "MailgunTrackingWebhookView",
    "postmark": "PostmarkTrackingWebhookView",
    "resend": "ResendTrackingWebhookView",
    "sendgrid": "SendGridTrackingWebhookView",
    "ses": "AmazonSESTrackingWebhookView",
}
_MODULES: Final = {"ses": "amazon_ses"}  # where anymail calls it otherwise
# Nobody has this address. Other reasons (full, too large, blocked) say nothing about the next mail.
_FINAL: Final = {RejectReason.BOUNCED, RejectReason.INVALID}
# What providers call a bounce that may pass: Postmark, SendGrid, Brevo, Resend, Amazon SES.
_SOFT: Final = {"softbounce", "dnserror", "blocked", "soft_bounce", "transient", "undetermined"}


@door
def mail(request: HttpRequest, provider: str) -> HttpResponse:
    """Take a webhook of a mail provider in. 401 without one of the secrets, 400 for what cannot be read."""
    read_body(request)
    view = _view(provider)
    if provider == "ses" and "Authorization" not in request.headers:
        # Amazon's notification service names its secret only when it is asked for it in this form.
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="afterward"'})
    try:
        view.run_validators(request)
    except AnymailWebhookValidationFailure as error:
        raise NotAuthenticated(
            "The webhook does not carry one of the secrets of this installation."
        ) from error
    try:
        events = view.parse_events(request)
    except Exception as error:
        log.warning("mail_webhook_unreadable", provider=provider, error=repr(error)[:300])
        raise InvalidBody("This is not a webhook of this provider.") from error
    feedback.take(_told(provider, events))
    return HttpResponse(status=200)


def _view(provider: str) -> Any:
    name = PROVIDERS.get(provider)
    if name is None or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise NotAuthenticated("No secret is set for webhooks of mail providers.")
    # Imported here: only installations with a provider's webhooks load its classes.
    return getattr(import_module(f"anymail.webhooks.{_MODULES.get(provider, provider)}"), name)()


def _told(provider: str, events: Iterable[AnymailTrackingEvent]) -> Iterator[tuple[UUID, Told]]:
    """The events that are about messages of ours. A provider's account may serve other programs too."""
    for event in events:
        found = feedback.read_reference(str((event.metadata or {}).get(METADATA, "")))
        if found is None or event.event_type not in EventKind.values:
            continue
        merchant_id, message_id = found
        detail = " · ".join(
            filter(None, [event.reject_reason, event.description, event.mta_response, event.click_url])
        )
        yield (
            merchant_id,
            Told(
                message_id=message_id,
                kind=EventKind(event.event_type),
                occurred_at=event.timestamp or timezone.now(),
                provider=provider,
                key=f"{event.event_type} {event.event_id or event.timestamp} {event.click_url or ''}",
                detail=detail.replace("\x00", ""),
                is_final=_is_final(event),
            ),
        )


def _is_final(event: AnymailTrackingEvent) -> bool:
    """Whether the address is to be given up: a bounce that the provider does not call a soft one."""
    if event.event_type == EventKind.BOUNCED:
        return event.reject_reason in {None, *_FINAL} and not _words_of(event.esp_event) & _SOFT
    return event.event_type == EventKind.REJECTED and event.reject_reason in _FINAL


def _words_of(raw: Any) -> set[str]:
    """The words by which a provider tells kinds of bounces apart, wherever it writes them."""
    if not isinstance(raw, dict):
        return set()
    nested = raw.get("data")
    bounce = nested.get("bounce") if isinstance(nested, dict) else None
    by_amazon = raw.get("bounce")
    places = [raw.get("Type"), raw.get("type"), raw.get("event")]
    places += [by_amazon.get("bounceType")] if isinstance(by_amazon, dict) else []
    places += [bounce.get("type")] if isinstance(bounce, dict) else []
    return {place.lower() for place in places if isinstance(place, str)}
