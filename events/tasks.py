"""Celery's entry points: answering the bell, and the tick."""

from celery import shared_task

from events import doorbell, due, heartbeat, housekeeping, log, parked  # noqa: F401  # declare due work
from events.drain import drain, lagging_shards


@shared_task(name="events.tasks.answer")
def answer(bell: str, argument: int | str) -> None:
    """Do what the bell was rung for."""
    doorbell.answered(bell, argument)
    if bell == doorbell.DRAIN:
        drain(int(argument))
    elif argument in due.kinds():
        due.run(str(argument))


@shared_task(name="events.tasks.tick")
def tick() -> None:
    """Find whatever no bell was rung for, and ring: shards with unread facts, and every kind of due work.

    The tick works nothing off itself: so it is over in milliseconds, any number of ticks may run side by
    side, and a slow kind of work holds up neither the next tick nor the other kinds.
    """
    heartbeat.beat()
    for shard in sorted({*log.waiting_shards(), *lagging_shards()}):
        doorbell.ring(doorbell.DRAIN, shard)
    for kind in due.kinds():
        doorbell.ring(doorbell.DUE, kind)
    housekeeping.warn_of_long_transactions()
