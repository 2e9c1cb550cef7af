"""A mail to oneself: what the mail server says to a merchant's sender."""

from email.utils import make_msgid

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext

from accounts.mailers import mailers
from merchants.audit import record_change
from merchants.http import in_transaction
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from notifications.channels.email import outcome
from notifications.rendering import Rendered
from notifications.sender import reply_address, sender, sender_domain


def send_test(merchant: Merchant, address: str) -> str:
    """Send a mail to somebody of the team, as shoppers would get it from this sender. Returns "" or why it failed."""
    subject = gettext("A test from %(shop)s") % {"shop": " ".join(merchant.name.split())}
    text = gettext("This is how your messages arrive. Answers go to %(address)s.") % {
        "address": reply_address(merchant) or sender(merchant)
    }
    return _send(merchant, address, Rendered(subject, "", "", text), "sender.tested")


def send_message(merchant: Merchant, address: str, mail: Rendered) -> str:
    """Send a message to somebody of the team, as shoppers would get it. Returns "" or why it failed."""
    return _send(merchant, address, mail, "message.tried")


def _send(merchant: Merchant, address: str, content: Rendered, action: str) -> str:
    """In the request and not as due work: whoever presses the button waits for what the mail server says."""
    if in_transaction():
        raise RuntimeError("No mail inside a database transaction: commit first.")
    answer_to = reply_address(merchant)
    mail = EmailMultiAlternatives(
        subject=content.subject,
        body=content.text,
        from_email=sender(merchant),
        to=[address],
        reply_to=[answer_to] if answer_to else None,
        headers={
            "Message-ID": make_msgid(domain=sender_domain(merchant)),
            "Auto-Submitted": "auto-generated",
        },
        connection=mailers()[0].connect(),
    )
    if content.html:
        mail.attach_alternative(content.html, "text/html")
    try:
        mail.send()
    except Exception as error:  # noqa: BLE001  # whatever a provider's back end raises is told to who asked
        return str(outcome(error))[:300] or repr(error)[:300]
    with merchant_transaction(merchant):
        record_change(action, label=address)
    return ""
