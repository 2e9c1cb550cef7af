"""The sandbox of a merchant: a second merchant beside it, in which nothing is real.

It has the shop's looks and settings as of the day when it was made, orders and keys of its own (`aw_test_…`), and the
team of its shop. That nothing of it shows among what is real needs no rule of its own: it is another merchant
(docs/decisions/0008-a-sandbox-is-a-merchant.md).
"""

import secrets

from django.db import transaction

from merchants.models import Merchant

_OWN = frozenset({"id", "slug", "name", "sandbox_of", "created_at", "setup_hidden_at", "eta_fitted_at"})
_ENDING = "-sandbox"


def sandbox_of(merchant: Merchant) -> Merchant:
    """The merchant's sandbox, made when there is none. A sandbox is its own."""
    if merchant.is_sandbox:
        return merchant
    with transaction.atomic():
        # Two who ask at once get the same one: the second waits here.
        shop = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        known = Merchant.objects.filter(sandbox_of=shop).first()
        return known or _make(shop)


def _make(shop: Merchant) -> Merchant:
    fields = [field for field in Merchant._meta.concrete_fields if not field.generated]
    looks = {field.attname: getattr(shop, field.attname) for field in fields if field.name not in _OWN}
    longest = 63 - len(_ENDING)
    slug = shop.slug[:longest] + _ENDING
    if Merchant.objects.filter(slug=slug).exists():
        slug = f"{shop.slug[: longest - 7]}-{secrets.token_hex(3)}{_ENDING}"
    return Merchant.objects.create(slug=slug, name=f"{shop.name[:110]} Sandbox", sandbox_of=shop, **looks)
