"""Everything that changes who a merchant is and who works for it."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from merchants.audit import differences, record_change
from merchants.models import Membership, Merchant, Role
from merchants.scope import merchant_transaction

# Addresses that stand beside the merchants' own under /app/ and /p/.
_RESERVED_SLUGS = frozenset(
    {
        "sign-in",
        "sign-out",
        "language",
        "static",
        "account",
        "invitation",
        "forgot",
        "reset",
        "shops",
        "first",
    }
)


def create_merchant(*, slug: str, name: str, **fields: str) -> Merchant:
    """Make a merchant. `fields` are columns of `Merchant` (`locale`, `currency` …).

    Raises ValidationError that names the field: a slug that is taken, a colour that is none …
    """
    merchant = Merchant(slug=slug, name=name, **fields)
    merchant.full_clean()
    if slug in _RESERVED_SLUGS:
        raise ValidationError({"slug": f"The slug {slug!r} is taken by the installation itself."})
    merchant.save()
    return merchant


def change_merchant(merchant: Merchant, action: str, **fields: Any) -> list[str]:
    """Set columns of a merchant, and note it in the audit log as `action`. Returns the names that changed.

    `merchant` itself gets the values too. In another country it is in none of the former one's regions. Raises
    ValidationError that names the field; nothing is changed then.
    """
    with merchant_transaction(merchant):
        stored = Merchant.objects.select_for_update().get(pk=merchant.pk)
        if fields.get("country", stored.country) != stored.country:
            fields = {"region": "", **fields}
        before = {name: getattr(stored, name) for name in fields}
        changed = [name for name, value in fields.items() if before[name] != value]
        for name in changed:
            setattr(stored, name, fields[name])
        stored.full_clean(exclude={f.name for f in Merchant._meta.concrete_fields if f.name not in changed})
        if changed:
            stored.save(update_fields=changed)
            record_change(action, label=stored.name, changes=_shown(before, fields))
    for name in changed:
        setattr(merchant, name, fields[name])
    return changed


def _shown(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """What changed, as the audit log shows it: a picture is there or is not."""
    changes = differences(before, after)
    if "logo" in changes:
        changes["logo"] = [bool(value) for value in changes["logo"]]
    return changes


@transaction.atomic
def add_member(merchant: Merchant, *, email: str, password: str = "", role: Role = Role.OWNER) -> Membership:
    """Let a person work for a merchant. Somebody who is a member already gets this role.

    A person who works for another merchant keeps their password; a new one needs a password.
    Raises ValidationError for an address that is none and for a password that is too weak.
    """
    address = email.strip().lower()
    validate_email(address)
    user = User.objects.filter(username=address).first()
    if user is None:
        user = User(username=address, email=address)
        if not password:
            raise ValidationError("A new person needs a password.")
        validate_password(password, user)
        user.set_password(password)
        user.save()
    membership, _ = Membership.objects.update_or_create(user=user, merchant=merchant, defaults={"role": role})
    return membership
