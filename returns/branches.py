"""Branches that take returns in: made with a link and a PIN that are shown once, and known again by them."""

import hashlib
import secrets
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.utils import timezone

from merchants import audit
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_transaction
from returns.shop_models import Branch

MOST = 500
_TOKEN_BYTES = 18  # 144 bits


def add_branch(
    merchant: Merchant, name: str, *, address: str = "", hours: str = ""
) -> tuple[Branch, str, str]:
    """A new branch, the token of its link, and its PIN of six digits: neither can be read again.

    Raises Unprocessable for more than `MOST`.
    """
    token, pin = _secrets()
    with merchant_transaction(merchant):
        if Branch.objects.count() >= MOST:
            raise Unprocessable(f"{MOST} branches at most.", param="name", code="too_many_branches")
        made = Branch.objects.create(
            merchant=merchant, name=name.strip()[:80], address=address.strip()[:300], hours=hours.strip()[:200],
            digest=_digest(token), pin=make_password(pin), created_at=timezone.now(),
        )  # fmt: skip
        audit.record_change("branch.added", public_id("brn", made.pk), made.name)
    return made, token, pin


def renew_branch(merchant: Merchant, branch_id: UUID) -> tuple[Branch, str, str]:
    """Another link and PIN: the old ones, and every phone that was let in, are refused from now on. Raises NotFound."""
    token, pin = _secrets()
    with merchant_transaction(merchant):
        found = _locked(branch_id)
        found.digest, found.pin, found.version = _digest(token), make_password(pin), found.version + 1
        found.save(update_fields=["digest", "pin", "version"])
        audit.record_change("branch.renewed", public_id("brn", found.pk), found.name)
    return found, token, pin


def remove_branch(merchant: Merchant, branch_id: UUID) -> Branch:
    """Close a branch, and return it as it was. What it took in stays. Raises NotFound."""
    with merchant_transaction(merchant):
        found = _locked(branch_id)
        audit.record_change("branch.removed", public_id("brn", found.pk), found.name)
        Branch.objects.filter(pk=found.pk).delete()
    return found


def branch_of_link(token: str) -> Branch | None:
    """The branch of the open scope that has this link."""
    return Branch.objects.filter(digest=_digest(token)).first()


def is_pin(branch: Branch, pin: str) -> bool:
    """Whether this is the branch's PIN. How often it may be tried is the caller's to count."""
    return check_password(pin.strip(), branch.pin)


def _locked(branch_id: UUID) -> Branch:
    found: Branch | None = Branch.objects.select_for_update().filter(pk=branch_id).first()
    if found is None:
        raise NotFound("There is no such branch.", param="branch_id")
    return found


def _secrets() -> tuple[str, str]:
    return secrets.token_urlsafe(_TOKEN_BYTES), f"{secrets.randbelow(1_000_000):06}"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
