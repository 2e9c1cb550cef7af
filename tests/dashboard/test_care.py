"""Guides and replenishment by product: said, refused in words, and forgotten after a question."""

from typing import Any

import pytest
from django.test import Client

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.followups.models import ProductRule

URL = "/app/nordwind/settings/care/"
GUIDE = {
    "kind": "guide", "match": "tag", "value": "wool", "days": "7", "title": "How to care for wool",
    "text": "Air it.", "url": "",
}  # fmt: skip


def rules(merchant: Merchant) -> list[ProductRule]:
    with merchant_scope(merchant):
        return list(ProductRule.objects.all())


def test_a_rule_is_said_and_forgotten(merchant: Merchant, owner: Client) -> None:
    owner.post(URL, GUIDE)
    owner.post(URL, {**GUIDE, "kind": "replenish", "days": "30"})
    owner.post(URL, {**GUIDE, "kind": "replenish", "days": "40"})  # takes the place of the former one
    assert sorted((row.kind, row.days) for row in rules(merchant)) == [("guide", 7), ("replenish", 40)]
    page = owner.get(URL).content.decode()
    assert "One lasts 40 days" in page
    assert "These messages are off" in page
    row = rules(merchant)[0]
    remove = f"{URL}{public_id('prl', row.pk)}/remove/"
    assert "Remove this rule?" in owner.get(remove).content.decode()
    assert len(rules(merchant)) == 2
    owner.post(remove)
    assert len(rules(merchant)) == 1


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"days": "0"}, {"value": " "}, {"url": "javascript:alert(1)"}]
)
def test_what_is_no_rule_is_refused(merchant: Merchant, owner: Client, wrong: dict[str, Any]) -> None:
    assert owner.post(URL, {**GUIDE, **wrong}).status_code == 422
    assert rules(merchant) == []
