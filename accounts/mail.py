"""Mail to the people of a team: a due row in the transaction of what it tells of, sent by a worker.

mail_team(merchant, _("A webhook endpoint was switched off"), "webhooks/mail/disabled.txt", {"url": url})
"""

import smtplib
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import Promise

from accounts.mailers import mailers
from accounts.models import StaffMail
from events import due
from merchants.http import in_transaction
from merchants.models import Membership, Merchant, Role
from merchants.transport import Deadline

log = structlog.get_logger(__name__)

SEND = "accounts.mail"
BATCH = 10
LEASE = timedelta(seconds=60)
SEND_SECONDS = 30
_BATCH_SECONDS = 20.0
MOST_ATTEMPTS = 10
KEPT = timedelta(days=30)


def mail_team(
    merchant: Merchant,
    subject: str | Promise,
    body_template: str,
    context: Mapping[str, Any],
    roles: Iterable[str] = (Role.OWNER,),
) -> int:
    """Tell everybody of these roles, in the merchant's language. Returns to how many people it goes.

    body_template: a text template; it also gets `merchant` and `base_url`. Call it in the transaction of the change.
    """
    people = Membership.objects.filter(merchant=merchant, role__in=list(roles), user__is_active=True)
    addresses = sorted(set(people.exclude(user__email="").values_list("user__email", flat=True)))
    for address in addresses:
        mail_person(address, subject, body_template, context, merchant=merchant)
    return len(addresses)


def mail_person(
    recipient: str,
    subject: str | Promise,
    body_template: str,
    context: Mapping[str, Any],
    *,
    merchant: Merchant | None = None,
    locale: str = "",
) -> None:
    """Tell one person, in `locale`, else the merchant's language, else the installation's."""
    language = locale or (merchant.locale if merchant else settings.LANGUAGE_CODE)
    with translation.override(language):
        around = {"merchant": merchant, "base_url": settings.PUBLIC_URL}
        text = render_to_string(body_template, {**around, **context})
        now = timezone.now()
        StaffMail.objects.create(
            merchant=merchant,
            recipient=recipient,
            subject=" ".join(str(subject).split())[:200],
            text=text.strip() + "\n",
            created_at=now,
            due_at=now,
        )
    due.ring_when_committed(SEND)


def send_due() -> int:
    """Send one batch of due mails over one connection. Returns how many were claimed."""
    mails = _claim()
    if not mails:
        return 0
    backend = mailers()[0].connect()
    stop_at = time.monotonic() + _BATCH_SECONDS
    try:
        for mail in mails:
            if time.monotonic() < stop_at:  # What is not begun comes due again when its lease is over.
                _send(mail, backend)
    finally:
        backend.close()
    return len(mails)


def forget_old() -> int:
    """Forget what was sent, or given up, a month ago: housekeeping. Returns how many rows."""
    return StaffMail.objects.filter(due_at=None, created_at__lt=timezone.now() - KEPT).delete()[0]


def _claim() -> list[StaffMail]:
    """Take due mails for a while. Rows that another worker holds are skipped."""
    with transaction.atomic():
        now = timezone.now()
        due_now = StaffMail.objects.filter(due_at__lte=now).order_by("due_at")
        mails = list(due_now.select_for_update(skip_locked=True)[:BATCH])
        for mail in mails:
            mail.due_at = now + LEASE
            mail.attempts += 1
        StaffMail.objects.bulk_update(mails, ["due_at", "attempts"])
    return mails


def _send(mail: StaffMail, backend: Any) -> None:
    if in_transaction():
        raise RuntimeError("No mail inside a database transaction: commit first.")
    try:
        _hand_over(mail, backend)
    except Exception as error:  # noqa: BLE001  # One mail's fault must not cost the others of the batch.
        backend.close()
        _note_failure(mail, error)
    else:
        _held(mail).update(due_at=None, sent_at=timezone.now(), text="", error="")


def _hand_over(mail: StaffMail, backend: Any) -> None:
    message = EmailMessage(
        subject=mail.subject,
        body=mail.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.recipient],
        headers={"Message-ID": _message_id(mail.id), "Auto-Submitted": "auto-generated"},
        connection=backend,
    )
    with Deadline(SEND_SECONDS) as deadline:
        backend.open()
        smtp = getattr(backend, "connection", None)
        if isinstance(smtp, smtplib.SMTP) and smtp.sock is not None:
            deadline.watch(smtp.sock)
        backend.send_messages([message])


def _note_failure(mail: StaffMail, error: Exception) -> None:
    """Try again later, or give up: after so many tries, or when the address is refused for good."""
    given_up = mail.attempts >= MOST_ATTEMPTS or _is_refused(error)
    log.warning("staff_mail_failed", mail_id=str(mail.id), error=type(error).__name__, given_up=given_up)
    again = None if given_up else due.backoff(mail.attempts)
    values: dict[str, Any] = {"due_at": again, "error": type(error).__name__}
    if given_up:
        values["text"] = ""
    _held(mail).update(**values)


def _held(mail: StaffMail) -> Any:
    return StaffMail.objects.filter(pk=mail.pk, attempts=mail.attempts, due_at=mail.due_at)


def _is_refused(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _answer in error.recipients.values())
    if isinstance(error, AnymailError):
        return isinstance(error, AnymailRecipientsRefused)
    return isinstance(error, ValueError | TypeError)


def _message_id(mail_id: UUID) -> str:
    """The same at every try, so that a mail that arrives twice can be told."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("<> ") or "localhost"
    return f"<staff.{mail_id.hex}@{domain}>"
