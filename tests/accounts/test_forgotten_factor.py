"""Somebody lost phone and recovery codes: the operator's way out."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import two_factor
from accounts.models import RecoveryCode, TotpDevice
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope


def test_the_operator_forgets_a_persons_second_factor(merchant: Merchant, clara: User) -> None:
    device = two_factor.begin_app(clara)
    TotpDevice.objects.filter(pk=device.pk).update(confirmed_at=device.created_at)
    two_factor.new_codes(clara)
    client = Client()
    client.force_login(clara)
    call_command("forget_second_factor", "Clara@nordwind.test")
    assert not two_factor.has_second_factor(clara)
    assert not RecoveryCode.objects.exists()
    assert client.get("/app/account/").status_code == 302
    with merchant_scope(merchant):
        entry = AuditEntry.objects.latest("occurred_at")
    assert (entry.action, entry.actor_kind) == ("account.second_factor_forgotten", "system")


def test_an_address_that_nobody_has_says_so(db: None) -> None:
    with pytest.raises(CommandError, match="Nobody"):
        call_command("forget_second_factor", "x@x.test")
