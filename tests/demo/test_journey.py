"""Every message that there is can be seen in the demo's log, in both languages, as it was really sent."""

from collections.abc import Iterator

import pytest

from demo import seed
from demo.journey import tell_stories
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.choices import Channel
from notifications.models import Message, MessageState
from notifications.rendering.catalog import LOCALES
from notifications.touchpoints import TOUCHPOINTS


@pytest.fixture
def told(db: None) -> Iterator[Merchant]:
    """A small demo shop in which everything has happened, with its scope open."""
    merchant = seed.make_merchant()
    seed.fill(merchant, orders=40)
    seed.keep_customers(merchant)
    tell_stories(merchant)
    with merchant_scope(merchant):
        yield merchant


def test_every_touchpoint_was_sent_in_both_languages(told: Merchant) -> None:
    sent = Message.objects.filter(state=MessageState.SENT, channel=Channel.EMAIL)
    found = {(m.touchpoint, m.locale[:2]) for m in sent.only("touchpoint", "locale")}
    wanted = {(key, locale) for key in TOUCHPOINTS for locale in LOCALES}
    wanted.remove(("withdrawal_notice", "en"))  # to the shop, in the shop's language
    assert wanted - found == set()
