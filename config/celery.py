"""The Celery application: workers that answer the doorbell, and the tick for whatever no bell was rung for."""

import gc
import os
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import setup_logging, worker_process_init
from kombu.connection import Connection
from kombu.transport.redis import Channel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class _Connection(Connection):
    """Looks every second whether Redis is back. Celery's own would wait for up to 30 seconds in between."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        return super().ensure_connection(*args, **{**kwargs, "interval_start": 0.5, "interval_max": 1.0})  # type: ignore[no-untyped-call]


class _Broker(AMQP):
    Connection = _Connection


def _closed_channels_say_so() -> None:
    """Let a channel whose connection is gone raise a connection error, not an AttributeError.

    A task that ends while the worker reconnects acknowledges its message on the old channel. kombu logs
    connection errors of that and goes on; with anything else the worker ends (seen with kombu 5.7.0 and Redis
    restarted five times). The message is a hint: that it is not acknowledged costs nothing.
    """
    original: Any = Channel._connparams

    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.connection is None or self.connection.client is None:
            raise ConnectionError("the connection of this channel was closed")
        return original(self, *args, **kwargs)

    Channel._connparams = guarded  # type: ignore[method-assign]


_closed_channels_say_so()
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
def _fresh_process(**_: object) -> None:
    from django.db import connections

    connections.close_all()
    # What was loaded so far stays: the collector need not look through it again and again (80 ms each time).
    gc.freeze()
