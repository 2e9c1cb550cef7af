"""The ranking: rare forms before loose ones, the shop's carriers and the country shift it, and nothing is guessed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tracking.carriers.numbers.detect import Candidate, Hints, detect, likely
from tracking.carriers.registry import KNOWN, carrier_name

ROOT = Path(__file__).parents[3]


_NOTHING = Hints()


def _first(number: str, hints: Hints = _NOTHING) -> Candidate:
    return detect(number, hints)[0]


@pytest.mark.parametrize(
    ("number", "carrier"),
    [
        ("1Z5R89390357567127", "ups"),
        ("00340434161094015902", "dhl"),
        ("9400100110368068492604", "usps"),
        ("3SABCD123456789", "postnl"),
        ("6A12345678904", "colissimo"),
        ("H1000123456789012345", "hermes"),
        ("C00HHA0123456789", "evri"),
        ("RB123456785GB", "royal_mail"),
        ("RB123456785US", "usps"),
        ("RB123456785CV", "post_cv"),
        ("YT2212345678901234", "yunexpress"),
        ("TBA010000000000", "amazon"),
        ("JJD0002257639032011", "yodel"),
        ("JJD000390012345678901", "dhl"),
        ("SBX-LATE-3", "sandbox"),
    ],
)
def test_a_narrow_form_comes_first_and_is_sure(number: str, carrier: str) -> None:
    found = _first(number)
    assert (found.carrier, found.confidence > 0.5) == (carrier, True)


def test_a_right_check_digit_comes_before_a_loose_form() -> None:
    found = detect("09133131530724")  # Hermes' check digit; DPD and DHL eCommerce take any 14 digits
    assert [(row.carrier, row.checksum) for row in found][:2] == [("hermes", True), ("dpd", False)]


def test_the_shops_own_carrier_decides_between_equals() -> None:
    number = "201298452277"  # right for FedEx, for DHL Paket and for GLS
    assert {row.carrier for row in detect(number)} >= {"fedex", "dhl", "gls"}
    assert likely(number, Hints()) == ""
    assert likely(number, Hints(own={"dhl": 1.0})) == "dhl"
    assert likely(number, Hints(own={"gls": 0.9, "dhl": 0.05})) == "gls"


def test_the_country_of_delivery_is_a_hint() -> None:
    number = "0000000000000000"  # the check digit of Canada Post and of the Austrian post alike
    assert _first(number, Hints(country="CA")).carrier == "canada_post"
    assert _first(number, Hints(country="AT")).carrier == "austrian_post"


def test_no_hint_makes_one_carriers_number_anothers() -> None:
    hints = Hints(own={"dhl": 1.0, "gls": 1.0}, country="DE")
    assert likely("1Z5R89390357567127", hints) == "ups"


def test_a_loose_form_alone_is_not_sure() -> None:
    found = detect("XHAX4HDA")
    assert [(row.carrier, row.checksum) for row in found] == [("gls", False)]
    assert found[0].confidence < 0.5
    assert likely("XHAX4HDA", Hints()) == ""
    assert likely("XHAX4HDA", Hints(own={"gls": 0.4})) == "gls"


def test_each_carrier_stands_once_and_the_confidences_are_shares() -> None:
    for number in ("201298452277", "60120172242323", "RB123456785US"):
        found = detect(number)
        assert len({row.carrier for row in found}) == len(found)
        assert 0 < sum(row.confidence for row in found) <= 1
        assert [row.confidence for row in found] == sorted((row.confidence for row in found), reverse=True)


def test_every_carrier_that_can_be_detected_has_a_name() -> None:
    for number in ("RB123456785CV", "RB123456785GB", "LTN12345678N1", "SP123456789012345678"):
        assert carrier_name(_first(number).carrier) == _first(number).name != _first(number).carrier
    assert KNOWN["bpost"].name == "bpost"


def test_the_command_needs_no_server_and_prints_json(tmp_path: Path) -> None:
    env = {**os.environ, "AFTERWARD_HOME": str(tmp_path)}
    for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL"):
        env.pop(name, None)
    run = subprocess.run(
        [sys.executable, "manage.py", "detect", "1Z5R89390357567127", "hello", "--own", "ups"],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    first, second = json.loads(run.stdout)
    assert first["number"] == "1Z5R89390357567127"
    assert first["carriers"][0] == {
        "carrier": "ups", "name": "UPS", "format": "UPS", "confidence": first["carriers"][0]["confidence"],
        "reason": "The check digit is right, one of the shop's carriers", "checksum": True,
    }  # fmt: skip
    assert second == {"number": "hello", "carriers": []}
    assert not [path for path in tmp_path.rglob("*") if "postgres" in path.name or "redis" in path.name]
