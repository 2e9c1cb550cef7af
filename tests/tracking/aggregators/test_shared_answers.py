"""Recorded answers of others, where they are at hand: read without a fault, and codes and words agree."""

import base64
import gzip
import os
import re
from pathlib import Path

import pytest

from tracking.carriers.base import TrackingResult
from tracking.carriers.registry import ADAPTERS
from tracking.carriers.words import read_words
from tracking.statuses import Status

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("AFTERWARD_SHARED_DATA") or ROOT.parent / "shared" / "data") / "carriers"
HERE = pytest.mark.skipif(not SHARED.exists(), reason="data not here")


def _results(carrier: str, pattern: str) -> list[TrackingResult]:
    bodies = [path.read_bytes() for path in sorted(SHARED.glob(pattern))]
    assert bodies
    answers = [answer for body in bodies for answer in ADAPTERS[carrier].read(None, body)]
    return [answer for answer in answers if isinstance(answer, TrackingResult)]


@HERE
def test_easyposts_trackers_end_where_their_files_say() -> None:
    for path in sorted(SHARED.glob("aggregators/easypost_9*.json")):
        [answer] = ADAPTERS["easypost"].read(None, path.read_bytes())
        assert isinstance(answer, TrackingResult)
        said = path.stem.split("_", 2)[2].removesuffix("_USPS")
        wanted = {"pre_transit": "info_received", "error": "exception", "unknown": None}.get(said, said)
        assert (answer.scans[-1].status if answer.scans else None) == wanted, path.name


@HERE
@pytest.mark.parametrize(
    ("carrier", "pattern", "scans"),
    [
        ("easypost", "aggregators/easypost*", 120),
        ("aftership", "aggregators/aftership_Tracking*Case.test_*track*", 18),
        ("17track", "aggregators/packages*", 5),
        ("dhl_parcel_de", "karrio/dhl_parcel_de/*", 7),
        ("dpd", "karrio/dpd/*", 15),
        ("gls", "karrio/gls/*", 2),
    ],
)
def test_codes_are_all_known_and_the_words_alone_mostly_say_the_same(
    carrier: str, pattern: str, scans: int
) -> None:
    found = _results(carrier, pattern)
    read = [scan for result in found for scan in result.scans]
    assert len(read) >= scans
    codes = {code for result in found for code in result.unknown_codes}
    assert codes <= {"5000"}  # invented by the recording
    told = [scan for scan in read if scan.description and "test mode" not in scan.description]
    agree = [scan for scan in told if read_words(scan.description).status == scan.status]
    assert len(agree) >= 0.95 * len(told)


@HERE
def test_shippos_recorded_track_is_read() -> None:
    tape = (SHARED / "aggregators" / "shippo_test_get_status.yaml").read_text()
    packed = re.search(r"string: !!binary \|\n((?:\s+[A-Za-z0-9+/=]+\n)+)", tape)
    assert packed is not None
    body = gzip.decompress(base64.b64decode(re.sub(r"\s", "", packed[1])))
    [answer] = ADAPTERS["shippo"].read(None, body)
    assert isinstance(answer, TrackingResult)
    assert (answer.scans[-1].status, len(answer.scans)) == (Status.DELIVERED, 11)
