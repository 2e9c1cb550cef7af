"""Celery's entry points: answering the bell, and the tick."""

from celery import shared_task

from events import doorbell, due, log
from events.drain import drain, lagging_shards, retry_parked
from events.models import ParkedFact
from merchants.rest import idempotency


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
    """Find whatever no bell was rung for: shards with unread facts, and due rows of every kind."""
    for shard in sorted({*log.waiting_shards(), *lagging_shards()}):
        drain(shard)
    for kind in due.kinds():
        due.run(kind)


@shared_task(name="events.tasks.housekeeping")
def housekeeping() -> None:
    """Delete what is kept for a time only. Once an hour; doing it twice, or late, changes nothing."""
    idempotency.forget_old()


@due.due_work("events.parked")
def retry_due_parked() -> int:
    """Try parked facts again whose time has come."""
    from datetime import timedelta

    rows = due.claim(ParkedFact, limit=20, lease=timedelta(seconds=60))
    for parked in rows:
        retry_parked(parked)
    return len(rows)
