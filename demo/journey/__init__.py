"""Every message that there is, in English and in German: shoppers to whom it happens, and a shop that sends it.

Nothing is written into the log. What shop, carrier, shopper and team do goes through the product's own commands; the
log's readers plan, and the workers' own functions send, decided anew for each message. Only waiting is cut short
(`workers.bring_forward`): what is due in two weeks is due now, once somebody in a story waits for it.
"""

from collections.abc import Iterator
from itertools import count

from demo.journey import after_delivery, customers, deliveries, troubles, workers
from demo.journey.going_back import claims, returns
from demo.journey.scene import Call, Scene
from demo.journey.shop import open_shop, try_out
from merchants.models import Merchant

_FIRST_NUMBER = 50_000  # Of shoppers: above all others of the demo.
STORIES = tuple(
    story
    for chapter in (deliveries, troubles, returns, claims, after_delivery, customers)
    for story in chapter.STORIES
)


def tell_stories(merchant: Merchant) -> int:
    """Let everything happen that shoppers are told about, once in each language. Returns how many stories there are.

    The stories go on side by side, step by step; after each step the workers have their turn.
    """
    open_shop(merchant)
    numbers = count(_FIRST_NUMBER)
    running: list[tuple[Scene, Iterator[Call]]] = []
    for story in STORIES:
        for german in (False, True):
            scene = Scene(merchant, german, numbers)
            running.append((scene, story(scene)))
    told = len(running)
    while running:
        calls = [(scene, story, next(story, None)) for scene, story in running]
        workers.take_turn(merchant, [(scene.customer_id, call) for scene, _, call in calls if call])
        running = [(scene, story) for scene, story, call in calls if call]
    try_out(merchant)
    return told
