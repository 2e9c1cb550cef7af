"""The first account of a fresh installation: made with a link that only whoever runs the server can print."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection, transaction

from merchants.audit import record_change
from merchants.commands import add_member, create_merchant
from merchants.models import Membership, Role
from merchants.scope import merchant_scope

LINK_HOURS = 24
_SALT = "merchants.first"
_LOCK = 0x41465746


class NotFirst(RuntimeError):
    """There is an account already: whoever wants another one is invited."""


def is_fresh() -> bool:
    """Whether nobody has an account yet."""
    return not User.objects.exists()


def setup_link() -> str:
    """The address under which the first account is made. It works for a day, and only until there is one."""
    return f"{settings.PUBLIC_URL}/app/first/{signing.dumps('first', salt=_SALT)}/"


def is_valid(token: str) -> bool:
    """Whether a link's token was printed by this installation within a day, and is still good for something."""
    try:
        signing.loads(token, salt=_SALT, max_age=LINK_HOURS * 3600)
    except signing.BadSignature:
        return False
    return is_fresh()


@transaction.atomic
def begin(*, email: str, password: str, slug: str, name: str, locale: str) -> Membership:
    """Make the first shop and its owner. Of several at once one comes through.

    Raises NotFirst, and ValidationError that names the field.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if not is_fresh():
        raise NotFirst
    merchant = create_merchant(slug=slug, name=name, locale=locale)
    membership = add_member(merchant, email=email, password=password, role=Role.OWNER)
    with merchant_scope(merchant):
        record_change("merchant.created", label=merchant.name)
    return membership
