"""The pages of segments: counted, edited, refused in words, deleted after a question."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.segments import commands
from orders.segments.models import Segment
from tests import factories
from tests.dashboard import scene

URL = "/app/nordwind/customers/segments/"
FORM = {"name": "Buyers", "match": "all", "kind": ["orders.at_least", ""], "value": ["1", ""]}


@pytest.fixture
def buyers(merchant: Merchant, drain_all: Any) -> None:
    for _ in range(3):
        factories.order(merchant)
    drain_all()


def rows(merchant: Merchant) -> list[Segment]:
    with merchant_scope(merchant):
        return list(Segment.objects.all())


@pytest.mark.usefixtures("buyers")
class TestPages:
    def test_the_list_counts_all_in_few_queries(
        self, merchant: Merchant, owner: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        with merchant_scope(merchant):
            for number in range(20):
                scene.a_segment(merchant, f"Friends {number:02}")
        with django_assert_max_num_queries(8):
            page = owner.get(URL).content.decode()
        assert page.count('<td class="c-stage end num">3</td>') >= 20 + 1  # and the built-in "New"
        assert "Orders: at least 1 and Country DE, AT" in page

    def test_one_is_made_counted_changed_and_deleted(self, merchant: Merchant, owner: Client) -> None:
        counted = owner.post(f"{URL}make/", {**FORM, "count": "1"}).content.decode()
        assert "3 customers" in counted
        assert rows(merchant) == []
        assert owner.post(f"{URL}make/", FORM).status_code == 302
        [row] = rows(merchant)
        ref = public_id("seg", row.pk)
        assert "3 customers" in owner.get(f"{URL}{ref}/").content.decode()
        assert b"@example.test" in b"".join(owner.get(f"{URL}{ref}/export/").streaming_content)
        owner.post(f"{URL}{ref}/edit/", {**FORM, "kind": ["orders.at_least"], "value": ["9"]})
        assert "Nobody fits" in owner.get(f"{URL}{ref}/").content.decode()
        assert "Delete the segment “Buyers”?" in owner.get(f"{URL}{ref}/delete/").content.decode()
        owner.post(f"{URL}{ref}/delete/")
        assert rows(merchant) == []

    def test_while_one_writes_only_the_count_comes_back(self, owner: Client) -> None:
        page = owner.get(f"{URL}make/", FORM, headers={"HX-Request": "true"}).content.decode()
        assert "3 customers" in page
        assert "<html" not in page
        odd = owner.get(
            f"{URL}make/", {**FORM, "value": ["x"]}, headers={"HX-Request": "true"}
        ).content.decode()
        assert "cannot be read yet" in odd

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"name": " "}, "Give it a name"),
            ({"value": ["many", ""]}, "A whole number"),
            ({"name": "Taken"}, "has this name"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_stored(
        self, merchant: Merchant, owner: Client, wrong: dict[str, Any], said: str
    ) -> None:
        with merchant_scope(merchant):
            scene.a_segment(merchant, "Taken")
        answer = owner.post(f"{URL}make/", {**FORM, **wrong})
        assert (answer.status_code, len(rows(merchant))) == (422, 1)
        assert said in answer.content.decode()


def test_a_built_in_one_is_copied_and_never_changed(merchant: Merchant, owner: Client) -> None:
    assert "first order was in the last 30" in owner.get(f"{URL}new/").content.decode()
    assert "first_order.within" in owner.get(f"{URL}make/?from=new").content.decode()
    for page in ("edit/", "delete/"):
        assert owner.post(f"{URL}new/{page}", FORM).status_code == 404
        assert owner.post(f"{URL}lost/{page}", FORM).status_code == 404


def test_one_that_is_used_is_not_deleted_and_says_by_what(
    merchant: Merchant, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with merchant_scope(merchant):
        ref = public_id("seg", scene.a_segment(merchant).pk)
    monkeypatch.setattr(commands, "_users", [lambda asked: ["Autumn"] if asked == ref else []])
    page = owner.post(f"{URL}{ref}/delete/", follow=True).content.decode()
    assert "It is still used by: Autumn." in page
    assert len(rows(merchant)) == 1
