"""Branches in the settings: their link and PIN are shown once."""

import re

from django.test import Client

from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from returns.models import Branch


def test_the_team_adds_renews_and_removes_a_branch(merchant: Merchant, owner: Client) -> None:
    page = "/app/nordwind/settings/branches/"
    made = owner.post(page, {"name": "Berlin", "address": "Allee 1", "hours": ""}).content.decode()
    pin = re.search(r'class="mono">(\d{6})<', made)
    link = re.search(r"/p/nordwind/b/[\w-]{24}/", made)
    assert pin is not None
    assert link is not None
    assert Client().post(link[0], {"pin": pin[1]}).status_code == 303
    assert link[0] not in owner.get(page).content.decode()
    with merchant_scope(merchant):
        row = Branch.objects.get()
        assert pin[1] not in row.pin
    base = f"{page}{public_id('brn', row.pk)}/"
    assert "Allee 1" in owner.post(base + "renew/").content.decode()
    assert Client().get(link[0]).status_code == 410
    owner.post(base + "remove/")
    with merchant_scope(merchant):
        assert Branch.objects.count() == 0
        actions = AuditEntry.objects.order_by("occurred_at").values_list("action", flat=True)
        assert list(actions) == ["branch.added", "branch.renewed", "branch.removed"]
