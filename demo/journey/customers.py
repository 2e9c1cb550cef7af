"""About no parcel: the first order, a birthday, a long silence, and whether one may write at all."""

from collections.abc import Iterator

from django.utils import timezone

from demo.journey.scene import MUGS, NEXT, SWEATER, Call, Scene
from notifications.consent import double_opt_in
from notifications.consent.choices import EVERYTHING
from notifications.consent.commands import Said
from orders.customers import describe_customer


def is_welcome(scene: Scene) -> Iterator[Call]:
    """A first order."""
    scene.hears_of("welcome")
    scene.place(MUGS)
    yield NEXT
    yield Call("welcome")


def has_a_birthday(scene: Scene) -> Iterator[Call]:
    """The shop knows the day."""
    scene.hears_of("birthday")
    born = timezone.now().date().replace(year=1988)
    describe_customer(scene.merchant, scene.customer.id, birthday=born)
    yield NEXT
    yield Call("birthday")


def stays_away(scene: Scene) -> Iterator[Call]:
    """Used to order each month, and has not for two."""
    scene.hears_of("win_back")
    for days_ago in (118, 88, 58):
        scene.place(SWEATER, days_ago=days_ago, notify=False, name=f"story-{scene.shopper.number}-{days_ago}")
    yield NEXT
    yield Call("win_back")


def wants_the_newsletter(scene: Scene) -> Iterator[Call]:
    """Types an address below the shop's pages, and is asked from the mailbox."""
    said = Said("footer", locale=scene.shopper.locale, country=scene.shopper.country)
    double_opt_in.ask(scene.merchant, scene.shopper.email, EVERYTHING, said)
    yield NEXT


STORIES = (is_welcome, has_a_birthday, stays_away, wants_the_newsletter)
