"""The numbers that tracking_number_data tests itself with: each is found by its format, or refused by it."""

import json
from pathlib import Path

import pytest

from tracking.carriers import numbers
from tracking.carriers.numbers.checksums import fits
from tracking.carriers.numbers.formats import formats, matches, plain

PUBLISHED = Path(numbers.__file__).parent / "published"


def _cases(kind: str) -> list[tuple[str, str]]:
    rows = []
    for path in sorted(PUBLISHED.glob("*.json")):
        for row in json.loads(path.read_text())["tracking_numbers"]:
            form = row.get("id") or row["name"].lower().replace(" ", "_")
            rows += [(form, number) for number in row["test_numbers"][kind]]
    return rows


def test_the_whole_set_is_shipped_with_its_licence() -> None:
    assert len(list(PUBLISHED.glob("*.json"))) == 18
    assert (
        "MIT" in (PUBLISHED / "LICENSE").read_text()
        or "Permission is hereby granted" in (PUBLISHED / "LICENSE").read_text()
    )
    assert len({form for form, _ in _cases("valid")}) == 39


@pytest.mark.parametrize(("form", "number"), _cases("valid"))
def test_a_valid_number_has_its_format(form: str, number: str) -> None:
    assert form in [match.format.id for match in matches(number)]


@pytest.mark.parametrize(("form", "number"), _cases("invalid"))
def test_an_invalid_number_does_not(form: str, number: str) -> None:
    assert form not in [match.format.id for match in matches(number)]


# Numbers that were printed somewhere, with the format that is meant. Sources beside the formats (own.toml).
_PRINTED = [
    ("dhl_parcel_de_20", "00340433836442636597"),
    ("dhl_parcel_de_18", "340433836442636597"),
    ("dhl_parcel_de_12", "201298452277"),
    ("dhl_jjd", "JJD1410302937991"),
    ("hermes_14", "09133131530724"),
    ("colissimo_checked", "7Q 53894 00001 4"),
    ("gls_track_id", "XHAX4HDA"),
    ("dhl_parcel_3s", "3SBCC000123456"),
    ("sandbox", "SBX-DELAYED-1"),
]


@pytest.mark.parametrize(("form", "number"), _PRINTED)
def test_a_number_that_was_printed_has_its_format(form: str, number: str) -> None:
    assert form in [match.format.id for match in matches(number)]


@pytest.mark.parametrize(("form", "number"), [row for row in _PRINTED if row[0].endswith(("20", "12", "14"))])
def test_one_wrong_digit_breaks_a_check_digit(form: str, number: str) -> None:
    for place in range(6, len(number)):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert form not in [match.format.id for match in matches(wrong)], wrong


def test_a_check_digit_rule_that_nobody_knows_fits_nothing() -> None:
    assert not fits({"name": "crc"}, "123", "4")
    assert not fits({"name": "mod7"}, "12A", "4")


def test_formats_have_ids_of_their_own() -> None:
    ids = [form.id for form in formats()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("number", ["", " ", "12345", "☃" * 12, "1Z" * 500, "not a number", "9" * 400])
def test_what_is_no_number_has_no_format(number: str) -> None:
    assert matches(number) == []


def test_a_number_is_read_as_people_copy_it() -> None:
    assert plain(" 1z 5r8 939\t03575 67127 ") == "1Z5R89390357567127"
    assert [match.carrier for match in matches("1z-5r89390357567127")] == ["ups"]
