"""Saving a return policy: as a new version, checked, with an entry in the audit log."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from merchants.audit import current_actor, record_change
from merchants.models import Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_transaction
from returns.policy.checking import faults
from returns.policy.model import Policy, from_stored, stored
from returns.policy.models import PolicyVersion


def save_policy(
    merchant: Merchant, policy: Policy, *, based_on: int | None = None, note: str = ""
) -> PolicyVersion:
    """Put a policy in force from now on. Returns its version; the newest one when nothing is different.

    based_on: the version that was changed, 0 for the built-in one; None for whichever is the newest. note: what was
    changed. Raises Unprocessable for a policy that cannot be saved, Conflict when somebody saved another meanwhile.
    """
    if wrong := faults(policy):
        raise Unprocessable(wrong[0].sentence, param=wrong[0].place, code="invalid_policy")
    with merchant_transaction(merchant):
        newest = PolicyVersion.objects.order_by("-number").first()
        number = newest.number if newest else 0
        if based_on is not None and based_on != number:
            raise _changed()
        if newest is not None and from_stored(newest.policy) == policy:
            return newest
        return _store(merchant, policy, number + 1, note)


def restore_policy(merchant: Merchant, number: int) -> PolicyVersion:
    """Make an earlier version (0: the built-in policy) the newest one. Raises NotFound."""
    with merchant_transaction(merchant):
        earlier = PolicyVersion.objects.filter(number=number).first()
        if number and earlier is None:
            raise NotFound("There is no such version.", param="number")
        policy = from_stored(earlier.policy) if earlier else Policy()
    return save_policy(merchant, policy, note=f"← {number}")


def _store(merchant: Merchant, policy: Policy, number: int, note: str) -> PolicyVersion:
    version = PolicyVersion(
        merchant=merchant, number=number, policy=stored(policy), note=note[:200], saved_at=timezone.now(),
        saved_by=current_actor().name[:254],
    )  # fmt: skip
    try:
        with transaction.atomic():
            version.save(force_insert=True)
    except IntegrityError as error:  # both looked at the same time
        raise _changed() from error
    record_change("return_policy.saved", label=f"{number} {note}".strip())
    return version


def _changed() -> Conflict:
    return Conflict("Somebody else saved the rules meanwhile.", param="based_on", code="policy_changed")
