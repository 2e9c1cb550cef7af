"""A reader for the installation under test, which can be made to wait in the middle of a batch."""

from collections.abc import Sequence

from django.db import connection

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.models import Merchant
from tests.live.apps import BARRIER


@subscribe("live.notes", ["order.placed"])
def note_orders(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Note each order, with the time by the database's clock."""
    with connection.cursor() as cursor:
        for fact in facts:
            word = fact.data["external_id"]
            cursor.execute("INSERT INTO test_effect VALUES (%s, clock_timestamp())", [word])
            if word.startswith("wait"):
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BARRIER])
