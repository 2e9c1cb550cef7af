"""When a claim may be made (PRODUCT, P3): pure functions of what is known about the parcel."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from returns.claims.models import Exclusion, Kind


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long each kind of claim waits, and how long it can be made (`Protection`)."""

    lost_at_home: timedelta = timedelta(days=7)
    lost_abroad: timedelta = timedelta(days=20)
    after_eta: timedelta = timedelta(hours=48)
    stolen_from: timedelta = timedelta(days=5)
    file_within: timedelta = timedelta(days=30)


USUAL: Final = Clocks()


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


def span_of(kind: str, parcel: Parcel, clocks: Clocks = USUAL) -> Span:
    """The span of a kind of claim. opens_at None: not before something is known (a delivery, a first scan)."""
    if parcel.returning:
        return Span(None, None, Exclusion.RETURNED)
    if kind == Kind.LOST:
        return _lost(parcel, clocks)
    if parcel.delivered_at is None:
        return Span(None, None)
    first = parcel.delivered_at + (clocks.stolen_from if kind == Kind.STOLEN else timedelta(0))
    return Span(first, parcel.delivered_at + clocks.file_within)


def _lost(parcel: Parcel, clocks: Clocks) -> Span:
    """Nobody saw it for long, or it is well over its time; it can be claimed since it was seen last, or was due."""
    if parcel.delivered_at is not None:
        return Span(None, None, Exclusion.OTHER)
    seen = parcel.last_scan_at or parcel.shipped_at
    quiet = seen + (clocks.lost_abroad if parcel.abroad else clocks.lost_at_home) if seen else None
    late = parcel.eta_to + clocks.after_eta if parcel.eta_to else None
    starts = [at for at in (quiet, late) if at is not None]
    if not starts:
        return Span(None, None)
    bases = [at for at in (seen, parcel.eta_to) if at is not None]
    return Span(min(starts), max(bases) + clocks.file_within)
