"""E-mail through any of Django's back ends: SMTP, or a provider's API by django-anymail."""

import smtplib
from contextlib import suppress
from typing import Any

from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailError,
    AnymailRecipientsRefused,
)
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from accounts.mailers import Mailer, mailers
from merchants.http import in_transaction
from merchants.models import Merchant
from merchants.transport import Deadline
from notifications.channels import mime
from notifications.channels.base import NotSent, PossiblyTaken, Receipt, Refused, TryLater, Unreachable
from notifications.channels.doubt import may_be_taken_by_api, may_be_taken_by_smtp
from notifications.channels.smtp import hand_over
from notifications.feedback import METADATA, reference
from notifications.models import Message
from notifications.reasons import Reason
from notifications.sender import reply_address, sender
from notifications.unsubscribe import ways_out
from orders.text import normal_email

# Below the lease of a message that is being sent: whoever takes it over must find this try ended.
SEND_SECONDS = 30

_LOGIN_WANTED = {421, 530, 534, 535, 538}
# Amazon says "not now" with status 400 as well.
_AMAZON_LATER = {"TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling"}


class EmailConnection:
    """One connection for all messages of a batch."""

    # A mail that arrives twice carries the same Message-ID twice.
    repeats_when_in_doubt = True

    def __init__(self, mailer: Mailer | None = None) -> None:
        self._mailer = mailer or mailers()[0]
        self._made: Any = None

    def open(self) -> None:
        """Connect, if that is not done. Raises Unreachable."""
        try:
            self._backend.open()
        except Exception as error:  # No message was handed over: whatever it is, this provider is not there.
            self.close()
            raise Unreachable(repr(error)) from error

    def chosen(self, message: Message) -> str:
        """There is nobody else."""
        return ""

    def send(self, merchant: Merchant, message: Message) -> Receipt:
        """Hand a rendered message over. Raises TryLater, PossiblyTaken or Refused."""
        if in_transaction():
            raise RuntimeError("No mail inside a database transaction: commit first.")
        try:
            mail = build(merchant, message, self._backend)
            self._hand_over(mail)
        except Exception as error:
            failure = outcome(error)
            if not isinstance(failure, Refused):
                self.close()  # Whatever state the conversation was in, the next message begins a new one.
            raise failure from error
        return Receipt(self.provider, _reference(mail, message))

    def close(self) -> None:
        """Hang up. Never raises."""
        if self._made is None:
            return
        smtp = getattr(self._backend, "connection", None)
        with suppress(Exception):
            if isinstance(smtp, smtplib.SMTP):
                smtp.close()  # At once: a server that went silent does not answer QUIT either.
            self._backend.close()

    def _hand_over(self, mail: EmailMultiAlternatives) -> None:
        smtp = getattr(self._backend, "connection", None)
        # A time-out of a socket begins anew with each answer; this one holds for the whole conversation.
        with Deadline(SEND_SECONDS) as deadline:
            if isinstance(smtp, smtplib.SMTP) and smtp.sock is not None:
                deadline.watch(smtp.sock)
            if type(self._backend) is SmtpBackend and smtp is not None:
                # What the back end does, in fewer steps. `build` sees to it that there is one recipient.
                hand_over(
                    smtp, mime.envelope(mail.from_email), mime.envelope(mail.to[0]), mime.as_bytes(mail)
                )
            else:
                self._backend.send_messages([mail])

    @property
    def _backend(self) -> Any:
        # Made late: a provider's library is loaded, and its settings are read, when a mail goes out by it.
        if self._made is None:
            self._made = self._mailer.connect()
        return self._made

    @property
    def provider(self) -> str:
        """How the log names the provider: smtp, postmark …"""
        if self._mailer.name:
            return self._mailer.name
        name = getattr(self._backend, "esp_name", "") or type(self._backend).__module__.rpartition(".")[2]
        return name.lower()[:60]


def build(merchant: Merchant, message: Message, backend: Any = None) -> EmailMultiAlternatives:
    """The mail as it goes out. Raises Refused for a recipient that is not exactly one address (RELIABILITY, R26)."""
    if not message.recipient or normal_email(message.recipient) != message.recipient.lower():
        raise Refused(Reason.INVALID_ADDRESS, "This is not exactly one e-mail address.")
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=sender(merchant, message.plan.get("sender")),
        to=[message.recipient],
        reply_to=[answer_to] if (answer_to := reply_address(merchant)) else None,
        headers={
            "Message-ID": message.message_id,
            "Auto-Submitted": "auto-generated",
            **ways_out(merchant, message),
        },
        connection=backend,
    )
    mail.attach_alternative(message.html, "text/html")
    # Anymail's back ends hand it to the provider, whose webhooks bring it back. SMTP knows no such thing.
    mail.metadata = {METADATA: reference(message)}  # type: ignore[attr-defined]
    return mail


def outcome(error: Exception) -> NotSent:
    """What a back end's error means for the message."""
    if isinstance(error, NotSent):
        return error
    if isinstance(error, smtplib.SMTPException):
        return _smtp_outcome(error)
    if isinstance(error, AnymailError):
        return _anymail_outcome(error)
    if isinstance(error, ValueError | TypeError):
        return Refused(Reason.REFUSED, repr(error))  # Poison: it would fail the same way each time.
    return PossiblyTaken(repr(error)) if may_be_taken_by_smtp(error) else TryLater(repr(error))


def _smtp_outcome(error: smtplib.SMTPException) -> NotSent:
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError | smtplib.SMTPHeloError):
        return Unreachable(repr(error))
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = [code for code, _ in error.recipients.values()]
        if answers and all(code >= 500 for code in answers):
            return Refused(Reason.RECIPIENT_REFUSED, repr(error))
        return TryLater(repr(error))
    if isinstance(error, smtplib.SMTPResponseException):
        if error.smtp_code in _LOGIN_WANTED:
            return Unreachable(repr(error))
        if error.smtp_code >= 500:
            return Refused(Reason.REFUSED, repr(error))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Refused(Reason.REFUSED, repr(error))
    return PossiblyTaken(repr(error)) if may_be_taken_by_smtp(error) else TryLater(repr(error))


def _anymail_outcome(error: AnymailError) -> NotSent:
    if isinstance(error, AnymailRecipientsRefused):
        return Refused(Reason.RECIPIENT_REFUSED, str(error))
    if isinstance(error, AnymailConfigurationError):
        return Unreachable(str(error))
    status = _status(error)
    if isinstance(error, AnymailAPIError) and (status is None or status >= 500 or status in (408, 429)):
        return (PossiblyTaken if may_be_taken_by_api(error, status) else TryLater)(str(error))
    if status in (401, 402, 403):
        return Unreachable(str(error))
    return Refused(Reason.REFUSED, str(error))


def _status(error: AnymailError) -> int | None:
    """The status of the provider's answer, None when there was none. Amazon's library has answers of its own."""
    answer = error.response
    if isinstance(answer, dict):
        code = answer.get("Error", {}).get("Code", "")
        found = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return 429 if code in _AMAZON_LATER else found if isinstance(found, int) else None
    return error.status_code if isinstance(error.status_code, int) else None


def _reference(mail: EmailMultiAlternatives, message: Message) -> str:
    status = getattr(mail, "anymail_status", None)
    return str(getattr(status, "message_id", None) or message.message_id)[:200]
