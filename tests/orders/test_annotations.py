"""Tags and notes: what the team writes on an order, with the facts that tell of it."""

import pytest

from events.models import Incoming
from merchants.audit import Actor, acting_as
from merchants.models import ActorKind, Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_scope
from orders.annotations import MOST_TAGS, add_note, change_tags, normal_tag
from orders.models import Order, OrderNote
from tests import factories


def told(kind: str) -> list[dict[str, object]]:
    return list(Incoming.objects.filter(type=kind).order_by("id").values_list("data", flat=True))


def test_tags_are_added_and_removed_and_each_change_is_one_fact(merchant: Merchant) -> None:
    order = factories.order(merchant)
    change_tags(merchant, order.id, add=["VIP", "  Gift   wrap, please "])
    change_tags(merchant, order.id, add=["VIP"])  # it is there already
    changed = change_tags(merchant, order.id, add=["call back"], remove=["VIP", "never there"])
    assert changed.tags == ["Gift wrap please", "call back"]
    first, second = told("order.tagged")
    assert first["added"] == ["VIP", "Gift wrap please"]
    assert (second["added"], second["removed"]) == (["call back"], ["VIP"])
    assert second["tags"] == changed.tags


def test_a_new_order_has_no_tags_in_the_database_either(merchant: Merchant) -> None:
    assert factories.order(merchant).tags == []


def test_too_many_tags_are_refused_and_none_is_kept(merchant: Merchant) -> None:
    order = factories.order(merchant)
    with pytest.raises(Unprocessable, match="20 tags"):
        change_tags(merchant, order.id, add=[f"t{n}" for n in range(MOST_TAGS + 1)])
    with merchant_scope(merchant):
        assert Order.objects.get(pk=order.pk).tags == []
    assert told("order.tagged") == []


@pytest.mark.parametrize(("text", "tag"), [("  a\n b ", "a b"), (",,", ""), ("x" * 60, "x" * 40), ("\0", "")])
def test_a_tag_is_one_short_line(text: str, tag: str) -> None:
    assert normal_tag(text) == tag


def test_a_note_keeps_its_words_and_its_author(merchant: Merchant) -> None:
    order = factories.order(merchant)
    with acting_as(Actor(ActorKind.PERSON, "7", "clara@nordwind.test")):
        note = add_note(merchant, order.id, " Called her.\r\nShe waits. ")
    with merchant_scope(merchant):
        kept = OrderNote.objects.get(pk=note.pk)
    assert (kept.text, kept.author) == ("Called her.\nShe waits.", "clara@nordwind.test")
    (fact,) = told("order.noted")
    assert "text" not in fact


@pytest.mark.parametrize("text", ["", "  \n", "x" * 4001])
def test_an_empty_or_endless_note_is_refused(text: str, merchant: Merchant) -> None:
    order = factories.order(merchant)
    with pytest.raises(Unprocessable):
        add_note(merchant, order.id, text)
    with merchant_scope(merchant):
        assert not OrderNote.objects.exists()


def test_another_shops_order_is_not_found_and_stays(merchant: Merchant, stranger: Merchant) -> None:
    theirs = factories.order(stranger)
    with pytest.raises(NotFound):
        change_tags(merchant, theirs.id, add=["mine"])
    with pytest.raises(NotFound):
        add_note(merchant, theirs.id, "mine")
    with merchant_scope(stranger):
        assert Order.objects.get(pk=theirs.pk).tags == []
        assert not OrderNote.objects.exists()
