"""A scan that has no time is left out; the others of the same answer are kept."""

import re
from pathlib import Path

import pytest

from tracking.carriers.base import TrackingResult
from tracking.carriers.registry import adapter

FIXTURES = Path(__file__).parent / "fixtures"
# A recorded answer, what its scans' times look like, and what stands there instead.
TIMES = {
    "dhl": ("in_transit.json", r'"timestamp": "[^"]+"', '"timestamp": null'),
    "fedex": ("delivered.json", r'"date": "[^"]+"', '"date": null'),
    "ups": ("delivered.json", r'"date": "[^"]+"', '"date": ""'),
    "usps": ("delivered.json", r'"eventTimestamp": "[^"]+",\s+"GMTTimestamp": "[^"]+"', '"x": ""'),
    "royal_mail": ("delivered.json", r'"eventDateTime": "[^"]+"', '"eventDateTime": ""'),
    "dhl_parcel_de": ("way.xml", r'event-timestamp="[^"]+"', 'event-timestamp=""'),
    "gls": ("way.json", r'"eventDateTime": "[^"]+"', '"eventDateTime": ""'),
    "easypost": ("way.json", r'"datetime": "[^"]+"', '"datetime": null'),
    "aftership": ("way.json", r'"checkpoint_time": "[^"]+"', '"checkpoint_time": null'),
    "17track": ("way.json", r'"time_iso": "[^"]+"', '"time_iso": "soon"'),
    "shippo": ("way.json", r'"status_date": "[^"]+"', '"status_date": "soon"'),
}


def scans(carrier: str, body: str) -> set[str]:
    asked = adapter(carrier)
    assert asked is not None
    result = asked.read(None, body.encode())[0]
    assert isinstance(result, TrackingResult), result
    return {scan.local_time for scan in result.scans}


@pytest.mark.parametrize("carrier", TIMES)
def test_one_scan_without_a_time_does_not_lose_the_others(carrier: str) -> None:
    name, pattern, nothing = TIMES[carrier]
    body = (FIXTURES / carrier / name).read_text()
    whole = scans(carrier, body)
    tried = [
        scans(carrier, body[: found.start()] + nothing + body[found.end() :])
        for found in re.finditer(pattern, body)
    ]
    assert all(tried)
    assert any(left < whole for left in tried)  # one was a scan's, and only that is missing
