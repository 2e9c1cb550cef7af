"""Whether a domain lets mail be sent in its name: SPF, DKIM and DMARC, as DNS has them now."""

from dataclasses import dataclass
from email.utils import make_msgid

from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils.translation import gettext

from merchants import dns
from merchants.audit import record_change
from merchants.http import in_transaction
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from notifications.channels.email import outcome
from notifications.sender import reply_address, sender, sender_domain

OK, MISSING, WRONG, UNKNOWN = "ok", "missing", "wrong", "unknown"


@dataclass(frozen=True)
class Record:
    """One record: which, where, what is there, what should be, and how that is (ok, missing, wrong or unknown)."""

    kind: str
    name: str
    found: str
    advice: str
    state: str


def check_sender(domain: str, selector: str = "") -> list[Record]:
    """The records of a sender's domain. DKIM is looked at when its selector is known (the provider names it)."""
    records = [_spf(domain), _dmarc(domain)]
    if selector:
        records.insert(1, _dkim(domain, selector))
    return records


def _spf(domain: str) -> Record:
    return _judged("SPF", domain, "v=spf1", "v=spf1 include:<your mail provider> ~all", at_most=1)


def _dmarc(domain: str) -> Record:
    return _judged(
        "DMARC",
        f"_dmarc.{domain}",
        "v=dmarc1",
        f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}",
        at_most=1,
    )


def _dkim(domain: str, selector: str) -> Record:
    name = f"{selector}._domainkey.{domain}"
    record = _judged("DKIM", name, "", "v=DKIM1; k=rsa; p=<your mail provider's key>", at_most=1)
    has_key = any(part.strip().startswith("p=") and len(part.strip()) > 2 for part in record.found.split(";"))
    return (
        record
        if record.state != OK or has_key
        else Record(record.kind, name, record.found, record.advice, WRONG)
    )


def _judged(kind: str, name: str, begins: str, advice: str, *, at_most: int) -> Record:
    try:
        texts = [text for text in dns.lookup(name, "TXT") if text.lower().startswith(begins)]
    except dns.NoAnswer:
        return Record(kind, name, "", advice, UNKNOWN)
    state = MISSING if not texts else OK if len(texts) <= at_most else WRONG
    return Record(kind, name, " | ".join(texts)[:500], advice, state)


def send_test(merchant: Merchant, address: str) -> str:
    """Send a mail to somebody of the team, as shoppers would get it from this sender. Returns "" or why it failed.

    In the request and not as due work: whoever presses the button waits for what the mail server says.
    """
    if in_transaction():
        raise RuntimeError("No mail inside a database transaction: commit first.")
    answer_to = reply_address(merchant)
    mail = EmailMultiAlternatives(
        subject=gettext("A test from %(shop)s") % {"shop": " ".join(merchant.name.split())},
        body=gettext("This is how your messages arrive. Answers go to %(address)s.")
        % {"address": answer_to or sender(merchant)},
        from_email=sender(merchant),
        to=[address],
        reply_to=[answer_to] if answer_to else None,
        headers={
            "Message-ID": make_msgid(domain=sender_domain(merchant)),
            "Auto-Submitted": "auto-generated",
        },
        connection=get_connection(),
    )
    try:
        mail.send()
    except Exception as error:  # noqa: BLE001  # whatever a provider's back end raises is told to who asked
        return str(outcome(error))[:300] or repr(error)[:300]
    with merchant_transaction(merchant):
        record_change("sender.tested", label=address)
    return ""
