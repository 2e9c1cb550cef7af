"""Writing a policy before it counts: changed rule by rule, tried, put in force or thrown away."""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils import timezone

from merchants.audit import current_actor, record_change
from merchants.models import Merchant
from merchants.rest.errors import Conflict
from merchants.scope import merchant_transaction
from returns.policy.commands import save_policy
from returns.policy.model import Policy, from_stored, stored
from returns.policy.models import PolicyDraft, PolicyVersion
from returns.policy.queries import newest


def draft() -> PolicyDraft | None:
    """The open scope's draft."""
    return PolicyDraft.objects.first()


def change_draft(
    merchant: Merchant, change: Callable[[Policy], Policy], *, seen: int | None = None, what: str = ""
) -> PolicyDraft:
    """Change the draft, begun from the policy in force when there is none. `change` gets and returns a policy.

    seen: the revision that somebody looked at (0: no draft). Raises Conflict when it is another one by now. what: which
    rule, for the audit log. What is wrong with a policy is said when it is put in force.
    """
    with merchant_transaction(merchant):
        row = PolicyDraft.objects.select_for_update().first()
        if seen is not None and seen != (row.revision if row else 0):
            raise _meanwhile()
        number, in_force = newest()
        before = from_stored(row.policy) if row else in_force
        after = change(before)
        if row is None:
            row = PolicyDraft(merchant=merchant, based_on=number, revision=0)
        row.policy, row.revision = stored(after), row.revision + 1
        row.changed_at, row.changed_by = timezone.now(), current_actor().name[:254]
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as error:  # two began one at the same time
            raise _meanwhile() from error
        record_change("return_policy.drafted", label=what)
        return row


def discard_draft(merchant: Merchant) -> None:
    """Throw the draft away. Nothing happens when there is none."""
    with merchant_transaction(merchant):
        if PolicyDraft.objects.all().delete()[0]:
            record_change("return_policy.discarded")


def publish_draft(merchant: Merchant, *, seen: int, note: str = "") -> PolicyVersion | None:
    """Put the draft in force. Returns its version, None when there is no draft.

    Raises Conflict when the draft is not the one that was seen, or other rules were put in force since it was begun;
    Unprocessable for a policy that cannot be saved.
    """
    with merchant_transaction(merchant):
        row = PolicyDraft.objects.select_for_update().first()
        if row is None:
            return None
        if row.revision != seen:
            raise _meanwhile()
        version = save_policy(merchant, from_stored(row.policy), based_on=row.based_on, note=note)
        row.delete()
        return version


def _meanwhile() -> Conflict:
    return Conflict("Somebody else changed the rules meanwhile.", param="seen", code="policy_changed")
