"""The Celery application: workers that answer the doorbell, and the tick for whatever no bell was rung for."""

import os
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import setup_logging, worker_process_init
from kombu.connection import Connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class _Connection(Connection):
    """Looks every second whether Redis is back. Celery's own would wait for up to 30 seconds in between."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        return super().ensure_connection(*args, **{**kwargs, "interval_start": 0.5, "interval_max": 1.0})  # type: ignore[no-untyped-call]


class _Broker(AMQP):
    Connection = _Connection


app = Celery("afterward", amqp=_Broker)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def _schedule_tick(sender: Celery, **_: object) -> None:
    from django.conf import settings

    # Ticks are idempotent: any number of beats may run. A tick that waited longer than one period is dropped.
    sender.conf.beat_schedule = {
        "tick": {
            "task": "events.tasks.tick",
            "schedule": settings.TICK_SECONDS,
            "options": {"expires": settings.TICK_SECONDS * 5},
        }
    }


@setup_logging.connect
def _keep_our_logging(**_: object) -> None:
    """Celery would replace the root logger's handlers; Django has configured them already."""


@worker_process_init.connect
def _fresh_connections(**_: object) -> None:
    from django.db import connections

    connections.close_all()
