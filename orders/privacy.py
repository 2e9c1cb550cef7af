"""Requests about people's data, as shops pass them on: stored, and listed until somebody has done them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from events import log as event_log
from merchants.models import Merchant
from merchants.scope import merchant_transaction
from orders.facts import PrivacyRequested
from orders.models import PrivacyKind, PrivacyRequest, PrivacyState

# The law's month (GDPR, article 12) and the shop systems' own limit are about the same.
ANSWERED_WITHIN: Final = timedelta(days=30)


@dataclass(frozen=True)
class Asked:
    """What somebody asks. subject: whom it is about; details: as it was asked."""

    kind: PrivacyKind
    subject: str
    source: str
    details: Mapping[str, Any]


def note_request(merchant: Merchant, asked: Asked) -> PrivacyRequest:
    """Store a request, unless the same one is open already. Returns the open one.

    The fact names neither person nor address: the log is kept when they are erased.
    """
    now = timezone.now()
    with merchant_transaction(merchant):
        new = PrivacyRequest(
            merchant=merchant, kind=asked.kind, subject=asked.subject[:254], details=dict(asked.details),
            source=asked.source, received_at=now, due_at=now + ANSWERED_WITHIN,
        )  # fmt: skip
        PrivacyRequest.objects.bulk_create([new], ignore_conflicts=True)
        same = PrivacyRequest.objects.filter(kind=new.kind, subject=new.subject, state=PrivacyState.OPEN)
        stored: PrivacyRequest = same.get()
        if stored.pk == new.pk:
            event_log.record(PrivacyRequested(request_id=new.pk, kind=new.kind, due_at=new.due_at))
    return stored
