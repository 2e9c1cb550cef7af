"""Sums as they stand after months: for pages, the API and the command."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from analytics.lift.models import LiftShopper, LiftTally
from merchants.models import Merchant
from merchants.scope import merchant_scope


def filled(merchant: Merchant, waiting: UUID) -> None:
    """A touchpoint that sells, and one that only just began."""
    with merchant_scope(merchant):
        for touchpoint, n, is_held_out, hits in (
            ("welcome", 4000, False, 1000), ("welcome", 400, True, 40), ("short", 10, False, 1),
        ):  # fmt: skip
            for outcome, y in (("repeat", float(hits)), ("revenue", 80.0 * hits)):
                LiftTally.objects.create(
                    merchant=merchant, touchpoint=touchpoint, percent=5, is_held_out=is_held_out,
                    outcome=outcome, n=n, hits=hits, y=y, yy=y if outcome == "repeat" else 6400.0 * hits,
                )  # fmt: skip
        for touchpoint in ("welcome", "short"):
            LiftShopper.objects.create(
                merchant=merchant, touchpoint=touchpoint, customer_id=waiting, is_held_out=False, percent=5,
                began_at=timezone.now() - timedelta(days=3), due_at=timezone.now() + timedelta(days=28),
            )  # fmt: skip
