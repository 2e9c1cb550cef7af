"""17TRACK's earlier forms: v1 of its API, and the list of its app. The table of statuses is that of today's."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tracking.carriers.base import Answer, CarrierScan, NotFound, TrackingResult
from tracking.carriers.bodies import Json, each, first, text
from tracking.carriers.mapping import StatusMap
from tracking.carriers.places import country_code
from tracking.carriers.words import refined
from tracking.carriers.zones import parse_local, zone_of

STATUSES: Final = StatusMap.load(Path(__file__).with_name("seventeentrack.toml"))


def first_version(number: str, track: Json) -> TrackingResult:
    """v1: `e` is the state, `z1` and `z2` the events {a: time, c: place, d: country, z: words} of either end."""
    state = text(track.get("e"))
    events = [*each(track.get("z1") or []), *each(track.get("z2") or [])]
    events = events or [*each(track.get("z0") or [])]
    return TrackingResult(tracking_number=number, scans=_old_scans(state, events), raw={"e": track.get("e")})


def listed(row: Json) -> Answer:
    """A row of the app: its number, its state and its last event (JSON in a text)."""
    number = text(first(row.get("FTrackNo"), row.get("FTrackInfoId")))
    last = text(row.get("FLastEvent"), 2000)
    if not last:
        return NotFound("nothing is known so far", number=number)
    event = json.loads(last)
    return TrackingResult(
        tracking_number=number, scans=_old_scans(text(row.get("FPackageState")), [event]), raw=row
    )


def _old_scans(state: str, events: Sequence[Json]) -> tuple[CarrierScan, ...]:
    scans = sorted((_old_scan(event) for event in events), key=lambda scan: scan.occurred_at)
    if scans and state:
        # The state is the last event's; a state that nobody knows says nothing.
        meaning = STATUSES.meaning(state, "")
        if meaning.known and state != "0":
            last = refined(meaning, scans[-1].description)
            scans[-1] = replace(scans[-1], status=last.status, substatus=last.substatus, raw_code=state)
        elif not meaning.known:
            scans[-1] = replace(scans[-1], raw_code=state, known=False)
    return tuple(scans)


def _old_scan(event: Json) -> CarrierScan:
    words = text(event.get("z"), 500)
    meaning = refined(STATUSES.meaning("", "")._replace(known=False), words)
    country = country_code(text(event.get("d")))
    local_time = text(event["a"])
    occurred_at, offset_known = parse_local(local_time, zone_of(country))
    return CarrierScan(
        occurred_at=occurred_at, local_time=local_time, offset_known=offset_known, status=meaning.status,
        substatus=meaning.substatus, description=words, city=text(event.get("c")), country=country,
    )  # fmt: skip
