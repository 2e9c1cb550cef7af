"""Weeks after the parcel: how to care for it, what goes with it, how it was."""

from collections.abc import Iterator
from functools import partial

from demo.journey.scene import MUGS, SWEATER, Basket, Call, Scene, Story

SOCKS: Basket = (("DS-GR", 1, 1),)
MUG: Basket = (("HA-MU-B", 0, 1),)


def _hears(touchpoint: str, basket: Basket, scene: Scene) -> Iterator[Call]:
    """What was bought arrives; then comes what is told so many days later."""
    scene.hears_of(touchpoint)
    yield from scene.receives(basket)
    yield Call(touchpoint)


STORIES: tuple[Story, ...] = tuple(
    partial(_hears, touchpoint, basket)
    for touchpoint, basket in (
        ("care_guide", SWEATER), ("survey_delivery", MUGS), ("review_request", SWEATER), ("survey_shop", MUGS),
        ("replenishment", SOCKS), ("complement", MUG),
    )
)  # fmt: skip
