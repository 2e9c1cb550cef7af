"""What a person changed about their own account, in the audit log of every team that they are in."""

from django.contrib.auth.models import User

from merchants import audit
from merchants.models import Membership
from merchants.scope import merchant_scope


def note_in_teams(user: User, action: str, label: str = "", *, by: audit.Actor | None = None) -> None:
    """Call it in the transaction of the change. by: who did it, when it was not the person."""
    with audit.acting_as(by or audit.person(user)):
        for member in Membership.objects.filter(user=user).select_related("merchant"):
            with merchant_scope(member.merchant):
                audit.record_change(action, f"mem_{member.pk}", label or user.username)
