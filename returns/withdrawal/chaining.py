"""Appending to the chain, inside the transaction of what it tells."""

import os
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from merchants.ids import public_id
from returns.withdrawal.chain import GENESIS, Header, canonical, content_digest, link_digest, moment
from returns.withdrawal.models import ChainEntry, ChainHead, Withdrawal


def append(withdrawal: Withdrawal, kind: str, content: Mapping[str, Any]) -> ChainEntry:
    """Add a link: who appends holds the chain's end until the commit, so places have no gap and no twin."""
    ChainHead.objects.bulk_create(
        [ChainHead(merchant_id=withdrawal.merchant_id, digest=GENESIS)], ignore_conflicts=True
    )
    head = ChainHead.objects.select_for_update().get()
    text, salt, now = canonical(content), os.urandom(16), timezone.now()
    header = Header(
        head.sequence + 1, kind, moment(now), public_id("wdr", withdrawal.pk),
        content_digest(salt, text), bytes(head.digest),
    )  # fmt: skip
    entry: ChainEntry = ChainEntry.objects.create(
        merchant_id=withdrawal.merchant_id, withdrawal=withdrawal, sequence=header.sequence, kind=kind,
        recorded_at=now, content=text, salt=salt, content_digest=header.content_digest,
        previous=header.previous, digest=link_digest(header),
    )  # fmt: skip
    ChainHead.objects.filter(pk=head.pk).update(sequence=entry.sequence, digest=entry.digest)
    return entry


def header_of(entry: ChainEntry) -> Header:
    """A stored link as it is hashed."""
    return Header(
        entry.sequence, entry.kind, moment(entry.recorded_at), public_id("wdr", entry.withdrawal_id),
        bytes(entry.content_digest), bytes(entry.previous),
    )  # fmt: skip
