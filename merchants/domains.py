"""A merchant's own host for its portal: claimed, looked at in DNS, shown once it is verified.

Two records make a host a merchant's. A TXT record beside it holds a secret of this claim: whoever can make it owns the
name, so nobody can take a stranger's host, not even one whose record still points here. And the host itself points to
this installation. A claim that nobody can prove stands in nobody's way: only one verified claim a host is unique.
"""

import re
import secrets
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants import dns
from merchants.audit import record_change
from merchants.ids import public_id
from merchants.models import Merchant, PortalDomain
from merchants.scope import merchant_transaction

MOST_DOMAINS: Final = 5
PREFIX: Final = "_afterward."
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?")
_NOT_PUBLIC = (
    ".localhost",
    ".local",
    ".internal",
    ".lan",
    ".home.arpa",
    ".in-addr.arpa",
    ".ip6.arpa",
    ".onion",
)


def own_host() -> str:
    """The installation's own host, to which merchants' hosts point."""
    return settings.PUBLIC_URL.split("/")[2].split(":")[0].lower()


def txt_name(domain: PortalDomain) -> str:
    """Where the TXT record of a claim stands."""
    return PREFIX + domain.host


def txt_value(domain: PortalDomain) -> str:
    """What it says."""
    return f"afterward={domain.token}"


def portal_host(merchant: Merchant) -> str | None:
    """The merchant's own host, once it is verified: the one that was first."""
    own = PortalDomain.objects.filter(merchant=merchant, verified_at__isnull=False)
    host: str | None = own.order_by("verified_at").values_list("host", flat=True).first()
    return host


def normal_host(text: str) -> str:
    """A host as it stands in DNS, out of what people type or paste. Raises ValidationError."""
    host = text.strip().lower().removeprefix("https://").removeprefix("http://").split("/")[0].rstrip(".")
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        host = ""
    labels = host.split(".")
    is_name = len(labels) >= 2 and len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    if not is_name or labels[-1].isdigit() or host.endswith(_NOT_PUBLIC):
        raise ValidationError(_("Write a name like track.your-shop.com."))
    own = own_host()
    if host == own or own.endswith("." + host) or host.endswith("." + own):
        raise ValidationError(_("This name belongs to the installation itself."))
    return host


def add_domain(merchant: Merchant, text: str) -> PortalDomain:
    """Claim a host. Raises ValidationError for what is no host of a merchant's."""
    host = normal_host(text)
    try:
        with merchant_transaction(merchant):
            Merchant.objects.select_for_update().only("pk").get(pk=merchant.pk)
            if PortalDomain.objects.filter(merchant=merchant).count() >= MOST_DOMAINS:
                raise ValidationError(_("There are %(count)d already. Remove one.") % {"count": MOST_DOMAINS})
            domain = PortalDomain.objects.create(merchant=merchant, host=host, token=secrets.token_hex(16))
            record_change("domain.added", public_id("dom", domain.id), host)
    except IntegrityError:
        raise ValidationError(_("This name is in your list already.")) from None
    return domain


def remove_domain(domain: PortalDomain) -> None:
    """Give a claim up. Its host shows the portal for some seconds more, then no longer."""
    with merchant_transaction(domain.merchant):
        PortalDomain.objects.filter(pk=domain.pk).delete()
        record_change("domain.removed", public_id("dom", domain.id), domain.host)


def check_domain(domain: PortalDomain) -> PortalDomain:
    """Look a claim's records up and keep what was found, with the time. Returns the claim as it stands then.

    A verified host whose records are gone stays verified (name servers have bad days) and says what is wrong, until
    somebody else proves that the name is theirs.
    """
    problem, seen = _problem(domain)
    if not problem:
        _let_go_of_lost(domain)
    domain.problem, domain.seen, domain.checked_at = problem, seen[:300], timezone.now()
    was_verified = domain.verified_at is not None
    if not problem and not was_verified:
        domain.verified_at = domain.checked_at
    try:
        with merchant_transaction(domain.merchant):
            domain.save(update_fields=["problem", "seen", "checked_at", "verified_at"])
            if domain.verified_at and not was_verified:
                record_change("domain.verified", public_id("dom", domain.id), domain.host)
    except IntegrityError:
        domain.verified_at, domain.problem = None, "taken"
        domain.save(update_fields=["problem", "seen", "checked_at", "verified_at"])
    return domain


def is_served(host: str) -> bool:
    """Whether a certificate for this host is wanted: it is the installation's, or a merchant's verified one."""
    host = host.strip().lower().rstrip(".")
    return host == own_host() or PortalDomain.objects.filter(host=host, verified_at__isnull=False).exists()


def _problem(domain: PortalDomain) -> tuple[str, str]:
    """What is wrong with a claim's records, "" when nothing is; and what was seen instead."""
    try:
        texts = dns.lookup(txt_name(domain), "TXT")
        if txt_value(domain) not in texts:
            return ("txt_other" if texts else "txt_missing"), ", ".join(texts)
        return _pointing(domain.host)
    except dns.NoAnswer as error:
        return "no_answer", str(error)


def _pointing(host: str) -> tuple[str, str]:
    targets = dns.lookup(host, "CNAME")
    if own_host() in targets:
        return "", ""
    here, there = dns.addresses(own_host()), dns.addresses(host)
    if there and there <= here:
        return "", ""
    return "not_pointing", ", ".join(targets or sorted(there))


def _let_go_of_lost(domain: PortalDomain) -> None:
    """Another claim of this host that can no longer be proven loses it to the one that can."""
    rivals = PortalDomain.objects.filter(host=domain.host, verified_at__isnull=False).exclude(pk=domain.pk)
    for rival in rivals.select_related("merchant"):
        problem, seen = _problem(rival)
        if problem in ("txt_missing", "txt_other"):
            with transaction.atomic(), merchant_transaction(rival.merchant):
                PortalDomain.objects.filter(pk=rival.pk).update(
                    verified_at=None, problem=problem, seen=seen[:300]
                )
                record_change("domain.lost", public_id("dom", rival.id), rival.host)
