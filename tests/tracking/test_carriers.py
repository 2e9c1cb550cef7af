"""The sandbox carrier, the registry, local times and the identity of scans."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tracking.carriers.base import (
    Account,
    CarrierScan,
    NotFound,
    TrackingResult,
    scan_key,
)
from tracking.carriers.registry import ADAPTERS, KNOWN, adapter, carrier_from_name, tracking_url
from tracking.carriers.sandbox import JOURNEYS, Parcel, Place, Sandbox, itinerary, journey_of
from tracking.carriers.zones import country_of_name, parse_local, zone_of
from tracking.resolve import ScanFacts, resolve
from tracking.statuses import SUBSTATUSES, Status

SHIPPED = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
VIENNA, LISBON = Place("Wien", "AT", "1010"), Place("Lisboa", "PT", "1000-001")
PARCEL = Parcel(SHIPPED, VIENNA, LISBON)


def plan(number: str) -> list[CarrierScan]:
    return itinerary(number, shipped_at=SHIPPED, origin=VIENNA, destination=LISBON)


def end_of(number: str) -> Status:
    facts = [
        ScanFacts(scan.occurred_at, scan.status, scan.substatus, str(n))
        for n, scan in enumerate(plan(number))
    ]
    return resolve(facts, now=SHIPPED + timedelta(days=60)).status


# Sandbox


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        ("DELIVERED", Status.DELIVERED),
        ("DELAYED", Status.DELIVERED),
        ("EXCEPTION", Status.EXCEPTION),
        ("PICKUP", Status.DELIVERED),
        ("RETURNED", Status.RETURNED),
        ("ATTEMPT", Status.DELIVERED),
        ("CUSTOMS", Status.DELIVERED),
        ("LOST", Status.EXCEPTION),
    ],
)
def test_every_journey_ends_as_its_number_says(kind: str, end: Status) -> None:
    assert set(JOURNEYS) >= {kind}
    assert end_of(f"SBX-{kind}-1") == end_of(f"sbx-{kind.lower()}-2") == end


@pytest.mark.parametrize("number", [f"SBX-{kind}-{n}" for kind in JOURNEYS for n in range(20)])
def test_a_journey_is_the_same_every_time_and_in_order(number: str) -> None:
    scans = plan(number)
    assert scans == plan(number)
    assert scans == sorted(scans, key=lambda scan: scan.occurred_at)
    assert scans[0].occurred_at == SHIPPED
    assert (scans[0].city, scans[0].country) == ("Wien", "AT")
    assert all(not s.substatus or SUBSTATUSES[s.substatus].status == s.status for s in scans)


def test_a_bare_seed_takes_one_of_the_journeys_mostly_a_good_one() -> None:
    kinds = [journey_of(f"SBX-{seed}") for seed in range(400)]
    assert kinds.count("DELIVERED") > 200
    assert len(set(kinds)) > 3


def test_it_tells_what_happened_up_to_its_clock() -> None:
    now = [SHIPPED - timedelta(hours=1)]
    carrier = Sandbox(clock=lambda: now[0], parcels=lambda number: PARCEL)
    told = []
    for hours in (0, 12, 40, 400):
        now[0] = SHIPPED + timedelta(hours=hours)
        [result] = carrier.track(["SBX-DELIVERED-1"], Account())
        assert isinstance(result, TrackingResult)
        told.append(len(result.scans))
    assert told[0] == 1
    assert told == sorted(set(told))
    assert result.proof.signed_by
    assert result.eta_from is not None
    assert result.eta_from < result.scans[-1].occurred_at < result.eta_to + timedelta(hours=1)


def test_a_number_can_carry_its_own_date() -> None:
    carrier = Sandbox(clock=lambda: SHIPPED + timedelta(days=9))
    result, unknown, foreign, wrong = carrier.track(
        ["SBX-PICKUP-20260105T0930", "SBX-1", "123", "SBX-LOST-20261305T0930"], Account()
    )
    assert isinstance(result, TrackingResult)
    assert result.scans[0].occurred_at == SHIPPED
    assert [type(error) for error in (unknown, foreign, wrong)] == [NotFound] * 3


def test_a_waiting_parcel_has_a_place_and_a_last_day_that_stays() -> None:
    scans = plan("SBX-PICKUP-7")
    ready = next(scan for scan in scans if scan.substatus == "pickup.ready")
    for now in (ready.occurred_at, ready.occurred_at + timedelta(hours=70)):
        result = Sandbox(clock=lambda now=now: now).result("SBX-PICKUP-7", PARCEL)
        assert result.pickup is not None
        assert result.pickup.line == "Parcel shop, Lisboa"
        assert result.pickup.until == ready.occurred_at + timedelta(days=7)


# Registry


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DHL", "dhl"),
        ("DHL Express", "dhl"),
        ("dhl-express (DE)", "dhl"),
        ("DHL eCommerce", "dhl"),
        ("Deutsche Post", "dhl"),
        ("UPS®", "ups"),
        ("UPS Standard", "ups"),
        ("FEDEX Ground", "fedex"),
        ("Hermes", "hermes"),
        ("Hermes UK", "evri"),
        ("Royal Mail", "royal_mail"),
        ("royal_mail", "royal_mail"),
        ("Österreichische Post", "austrian_post"),
        ("Sandbox", "sandbox"),
        ("Upstairs Couriers", "other"),
        ("Otto's bicycle", "other"),
        ("", "other"),
    ],
)
def test_what_shops_call_a_carrier(text: str, code: str) -> None:
    assert carrier_from_name(text) == code


def test_every_known_carrier_has_a_page_but_the_sandbox() -> None:
    assert len(KNOWN) >= 12
    for code in KNOWN:
        page = tracking_url(code, "1 2/ü", "de-AT")
        assert (code == "sandbox") == (page == "")
        assert page == "" or (page.startswith("https://") and "1%202%2F%C3%BC" in page)
    assert tracking_url("other", "1") == tracking_url("ups", "") == ""


def test_adapters_answer_to_their_code() -> None:
    assert {code: carrier.code for code, carrier in ADAPTERS.items()} == {c: c for c in ADAPTERS}
    assert adapter("dhl") is ADAPTERS["dhl"]
    assert adapter("hermes") is None


# Times and identity


def test_local_times() -> None:
    berlin = zone_of("DE")
    assert parse_local("2026-07-01T12:00:00", berlin) == (
        datetime(2026, 7, 1, 10, tzinfo=UTC),
        False,
    )
    assert parse_local("2026-07-01T12:00:00Z", berlin) == (
        datetime(2026, 7, 1, 12, tzinfo=UTC),
        True,
    )
    # The hour that autumn has twice: the first. The hour that spring skips: an hour on.
    assert parse_local("2026-10-25T02:30:00", berlin)[0] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert parse_local("2026-03-29T02:30:00", berlin)[0] == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert parse_local("2026-07-01T12:00:00", zone_of("??"))[0].hour == 12
    assert str(zone_of("US", "HI")) == "Pacific/Honolulu"
    assert str(zone_of("US", "??")) == "America/Chicago"
    assert [country_of_name(n) for n in ("Germany", " united  kingdom ", "Atlantis")] == [
        "DE",
        "GB",
        "",
    ]


def test_a_scan_keeps_its_identity_when_our_reading_of_it_changes() -> None:
    scan = plan("SBX-DELIVERED-1")[3]
    key = scan_key("sandbox", "1", scan)
    assert len(key) == 16
    better = replace(
        scan,
        substatus="",
        status=Status.EXCEPTION,
        occurred_at=scan.occurred_at + timedelta(hours=1),
    )
    assert scan_key("sandbox", "1", better) == key
    assert scan_key("sandbox", "1", replace(scan, description=scan.description.upper())) == key
    others = [
        scan_key("dhl", "1", scan),
        scan_key("sandbox", "2", scan),
        scan_key("sandbox", "1", replace(scan, city="Graz")),
        scan_key("sandbox", "1", replace(scan, local_time="2026-01-05T09:31:00")),
    ]
    assert len({key, *others}) == 5
