"""When a claim may be made (PRODUCT, P3): pure functions of what is known about the parcel."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from returns.claims.models import Exclusion, Kind

LOST_AT_HOME: Final = timedelta(days=7)
LOST_ABROAD: Final = timedelta(days=20)
AFTER_ETA: Final = timedelta(hours=48)
STOLEN_FROM: Final = timedelta(days=5)
FILE_WITHIN: Final = timedelta(days=30)
SILENT: Final = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a clock has to know: times are UTC. abroad: it goes to another country than the shop's."""

    abroad: bool
    returning: bool
    shipped_at: datetime | None
    last_scan_at: datetime | None
    eta_to: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when a claim may be made. exclusion: why it may not at all, or ""."""

    opens_at: datetime | None
    ends_at: datetime | None
    exclusion: str = ""

    def says(self, at: datetime) -> str:
        """early, open, or an `Exclusion`."""
        if self.exclusion:
            return self.exclusion
        if self.ends_at is not None and at > self.ends_at:
            return Exclusion.TOO_LATE
        return "early" if self.opens_at is None or at < self.opens_at else "open"


def span_of(kind: str, parcel: Parcel) -> Span:
    """The span of a kind of claim. opens_at None: not before something is known (a delivery, a first scan)."""
    if parcel.returning:
        return Span(None, None, Exclusion.RETURNED)
    if kind == Kind.LOST:
        return _lost(parcel)
    if parcel.delivered_at is None:
        return Span(None, None)
    first = parcel.delivered_at + (STOLEN_FROM if kind == Kind.STOLEN else timedelta(0))
    return Span(first, parcel.delivered_at + FILE_WITHIN)


def _lost(parcel: Parcel) -> Span:
    """Nobody saw it for long, or it is two days over its time; within 30 days of where it was seen last, or due."""
    if parcel.delivered_at is not None:
        return Span(None, None, Exclusion.OTHER)
    seen = parcel.last_scan_at or parcel.shipped_at
    quiet = seen + (LOST_ABROAD if parcel.abroad else LOST_AT_HOME) if seen else None
    late = parcel.eta_to + AFTER_ETA if parcel.eta_to else None
    starts = [at for at in (quiet, late) if at is not None]
    if not starts:
        return Span(None, None)
    bases = [at for at in (seen, parcel.eta_to) if at is not None]
    return Span(min(starts), max(bases) + FILE_WITHIN)
