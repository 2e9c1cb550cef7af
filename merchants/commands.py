"""Everything that changes who a merchant is and who works for it."""

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from merchants.models import Membership, Merchant, Role

# Addresses that stand beside the merchants' own under /app/ and /p/.
_RESERVED_SLUGS = frozenset(
    {"sign-in", "sign-out", "language", "static", "account", "invitation", "forgot", "reset", "shops"}
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
