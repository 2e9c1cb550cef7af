"""A merchant's accesses to those who make labels: stored encrypted, tried, and forgotten."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from merchants import audit
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_transaction
from returns.label_models import LabelAccount
from returns.logistics.labels import CHECKS, CREDENTIALS, MAKERS
from returns.logistics.labels.base import Account, NotNow, Refused


def set_account(
    merchant: Merchant,
    maker: str,
    credentials: Mapping[str, str],
    *,
    countries: Sequence[str],
    values: Mapping[str, Any],
) -> LabelAccount:
    """Store the access to a maker of labels, in place of an earlier one.

    credentials: what its module calls `CREDENTIALS`; one that is empty or missing stays as it was. countries: from
    which parcels can be sent, two letters; empty for all. values: `LabelAccount.settings`. Raises Unprocessable for a
    maker that there is not.
    """
    if maker not in MAKERS:
        raise Unprocessable("There is no such maker of labels.", param="maker", code="unknown_label_maker")
    with merchant_transaction(merchant):
        before = LabelAccount.objects.select_for_update().filter(maker=maker).first()
        kept = keys_of(before) if before else {}
        given = {name: value for name, value in credentials.items() if value}
        account: LabelAccount
        account, _new = LabelAccount.objects.update_or_create(
            merchant=merchant, maker=maker,
            defaults={"credentials": json.dumps({**kept, **given}), "settings": dict(values),
                      "countries": sorted({country.upper() for country in countries})},
        )  # fmt: skip
        was = {"countries": before.countries, **before.settings} if before else {}
        changes = audit.differences(was, {"countries": account.countries, **account.settings})
        audit.record_change("label_account.saved", label=maker, changes=changes)
    return account


def remove_account(merchant: Merchant, maker: str) -> None:
    """Forget an access. Labels that it made stay; those that are wanted of it fail, and the team sees why."""
    with merchant_transaction(merchant):
        if LabelAccount.objects.filter(maker=maker).delete()[0]:
            audit.record_change("label_account.removed", label=maker)


def try_account(maker: str) -> str:
    """Ask a maker whether it knows the open scope's access; nothing is made. Outside of any transaction.

    Returns "" when it does, else `no_access`, `refused` or `not_now`.
    """
    account = LabelAccount.objects.filter(maker=maker).first()
    if account is None:
        return "no_access"
    try:
        CHECKS[maker](access_of(account))
    except Refused:
        return "refused"
    except NotNow:
        return "not_now"
    return ""


def access_of(account: LabelAccount) -> Account:
    """An access as the modules of the makers take it."""
    return Account(
        credentials=keys_of(account), settings=account.settings,
        base_url=settings.LABEL_URLS.get(account.maker, ""), allow=frozenset(settings.OUTBOUND_ALLOW),
    )  # fmt: skip


def keys_of(account: LabelAccount) -> dict[str, str]:
    """The credentials by name; {} for what cannot be read."""
    try:
        values = json.loads(account.credentials or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in values.items()} if isinstance(values, dict) else {}


def missing(maker: str, account: LabelAccount | None) -> list[str]:
    """Names of the credentials that a maker needs and that are not stored."""
    held = keys_of(account) if account else {}
    return [each.name for each in CREDENTIALS[maker] if each.required and not held.get(each.name)]
