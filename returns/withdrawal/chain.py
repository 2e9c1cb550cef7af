"""The chain of a merchant's withdrawals: pure functions, used to append links and to check a proof anywhere.

A link's digest is SHA-256 over the one before, its place, time and kind, its withdrawal and the hash of its salted
content. Changing anything later changes every digest after it; the consumer holds one of them in the receipt.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Header:
    """What of a link can be shown to anybody."""

    sequence: int
    kind: str
    recorded_at: str  # ISO 8601, UTC, microseconds
    withdrawal: str
    content_digest: bytes
    previous: bytes


def canonical(value: Mapping[str, Any]) -> str:
    """The one way to write JSON: sorted keys, no spaces, readable letters."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def moment(at: datetime) -> str:
    """A time as it is hashed: UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def content_digest(salt: bytes, content: str) -> bytes:
    """The hash of a link's content. The salt keeps a guessed content from being recognised."""
    return hashlib.sha256(salt + content.encode()).digest()


def link_digest(header: Header) -> bytes:
    """The digest of a link."""
    parts = (
        "afterward-withdrawal-chain/1", header.previous.hex(), str(header.sequence), header.recorded_at, header.kind,
        header.withdrawal, header.content_digest.hex(),
    )  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode()).digest()
