"""Claims under the parcel protection."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from demo.journey.scene import MUGS, NEXT, Call, Scene
from merchants.pictures import photo_from
from returns.claims import commands
from returns.claims.models import Claim, Kind, Resolution
from returns.claims.pool import cover
from returns.claims.steps import Asked


def _claim(scene: Scene) -> Claim:
    cover(scene.merchant, scene.order.pk)
    photo = photo_from(Path(settings.BASE_DIR, "static/demo/products/mug-1.png").read_bytes())
    text = scene.says("The box was crushed.", "Der Karton war eingedrückt.")
    asked = Asked(Kind.DAMAGED, Resolution.REFUND, text, photos=[photo])
    return commands.claim(scene.merchant, scene.order.pk, scene.parcel.pk, asked)


def needs_more(scene: Scene) -> Iterator[Call]:
    """The team wants another photo."""
    yield from scene.receives(MUGS)
    claim = _claim(scene)
    yield NEXT
    text = scene.says("Please send us a photo of the box.", "Bitte schicken Sie uns ein Foto des Kartons.")
    commands.ask(scene.merchant, claim.id, text)
    yield NEXT


def is_made_good(scene: Scene) -> Iterator[Call]:
    """The money comes back."""
    yield from scene.receives(MUGS)
    claim = _claim(scene)
    yield NEXT
    commands.approve(scene.merchant, claim.id, Resolution.REFUND)
    yield NEXT


STORIES = (needs_more, is_made_good)
