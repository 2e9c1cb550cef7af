"""The WSGI application that granian serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("AFTERWARD_DATABASE_POOL", "4")  # as many as the server has threads
application = get_wsgi_application()


def _warm_up() -> None:
    """Load what the first request of a process would have to load: all views, currencies, Celery's way to Redis."""
    from django.urls import resolve

    from events import doorbell
    from orders.text import currencies

    resolve("/api/v1/orders")
    currencies()
    doorbell.warm_up()
    # What was loaded so far stays: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()


_warm_up()
