"""The receipt: what it says, under which number and address it stands."""

import base64
import hashlib
import hmac
import secrets
from typing import Any
from uuid import UUID

from django.conf import settings

from returns.withdrawal.chain import moment
from returns.withdrawal.models import Withdrawal

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8
_TOKEN_BYTES = 18  # 144 bits


def new_number() -> str:
    """A number that says nothing about how many there are: W-7KQ2M9PX."""
    return "W-" + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def receipt_token(withdrawal: Withdrawal) -> str:
    """The token of the receipt's page: 24 URL-safe letters. One made with a former secret key keeps opening it."""
    tokens = [_token(key, withdrawal.pk) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    digest = bytes(withdrawal.receipt_digest)
    return next((token for token in tokens if receipt_digest(token) == digest), tokens[0])


def new_receipt_digest(withdrawal_id: UUID) -> bytes:
    """What is stored of a new receipt's token."""
    return receipt_digest(_token(settings.SECRET_KEY, withdrawal_id))


def receipt_digest(token: str) -> bytes:
    """What is stored and looked up."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _token(key: str, withdrawal_id: UUID) -> str:
    mac = hmac.digest(key.encode(), b"withdrawal-receipt:" + withdrawal_id.bytes, "sha256")
    return base64.urlsafe_b64encode(mac[:_TOKEN_BYTES]).decode()


def declared_content(withdrawal: Withdrawal, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What was declared, whole: it stands in the chain, on the receipt and in the proof."""
    return {
        "number": withdrawal.number,
        "declared_at": moment(withdrawal.declared_at),
        "shop": withdrawal.merchant.legal_name or withdrawal.merchant.name,
        "name": withdrawal.name,
        "contract": withdrawal.contract,
        "email": withdrawal.email,
        "text": withdrawal.text,
        "scope": "whole" if withdrawal.is_whole else "part",
        "lines": lines,
        "source": withdrawal.source,
    }
