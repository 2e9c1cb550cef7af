"""Regions with public holidays of their own."""

from datetime import UTC, datetime

import pytest

from merchants.models import Merchant
from tracking.regions import area_of, holidays_of, region_code, regions_of
from tracking.windows import by_rule


@pytest.mark.parametrize(
    ("address", "area"),
    [
        (("DE", "BY", ""), "DE-BY"),  # a province code, as Shopify gives it
        (("DE", "DE-BY", ""), "DE-BY"),  # as WooCommerce does
        (("DE", "bayern ", ""), "DE-BY"),
        (("DE", "", "80331"), "DE-BY"),  # Munich
        (("DE", "", "20457"), "DE-HH"),
        (("DE", "Sachsen", "80331"), "DE-SN"),  # what is written counts, not the postcode
        (("DE", "Lummerland", "01067"), "DE-SN"),
        (("DE", "", "0106"), "DE"),
        (("DE", "", ""), "DE"),
        (("AT", "Wien", "1010"), "AT-9"),
        (("CH", "", "80331"), "CH"),  # only Germany's postcodes tell
        (("CA", "QC", ""), "CA-QC"),
        (("US", "CA", ""), "US"),  # carriers keep the federal holidays only
        (("XX", "BY", ""), "XX"),
    ],
)
def test_an_address_lies_in_an_area(address: tuple[str, str, str], area: str) -> None:
    assert area_of(*address) == area


def test_an_area_that_nobody_knows_has_its_countrys_holidays() -> None:
    assert holidays_of("DE-QQ", 2026) == holidays_of("DE", 2026) < holidays_of("DE-BY", 2026)
    assert holidays_of("XX", 2026) == frozenset()


def test_regions_to_choose_from_are_those_that_are_understood() -> None:
    assert regions_of("DE")["BY"] == "Bayern"
    assert regions_of("XX") == {}
    for country in ("DE", "AT", "CH", "ES", "GB", "CA", "AU"):
        for code, name in regions_of(country).items():
            assert region_code(country, code) == code
            assert region_code(country, name) == code


def days(merchant: Merchant, postcode: str) -> tuple[str, str]:
    # Tuesday before Corpus Christi (Thursday, 4 June 2026), a holiday in Bavaria and not in Hamburg.
    placed = datetime(2026, 6, 2, 10, tzinfo=UTC)
    window = by_rule(merchant, placed_at=placed, shipped_at=None, country="DE", postcode=postcode)
    return f"{window.start:%a %d}", f"{window.end:%a %d}"


@pytest.mark.parametrize(
    ("region", "postcode", "expected"),
    [
        ("", "20457", ("Thu 04", "Fri 05")),
        ("", "80331", ("Fri 05", "Mon 08")),  # it is not delivered on the holiday there
        ("HH", "20457", ("Thu 04", "Fri 05")),
    ],
)
def test_the_rule_keeps_the_regions_holidays(region: str, postcode: str, expected: tuple[str, str]) -> None:
    merchant = Merchant(
        timezone="Europe/Berlin", country="DE", region=region, keeps_holidays=True, processing_days=1,
        transit_days_min=1, transit_days_max=2,
    )  # fmt: skip
    assert days(merchant, postcode) == expected
    merchant.keeps_holidays = False
    assert days(merchant, postcode) == ("Thu 04", "Fri 05")


def test_who_packs_in_bavaria_does_not_pack_on_its_holidays() -> None:
    merchant = Merchant(
        timezone="Europe/Berlin", country="DE", region="BY", keeps_holidays=True, processing_days=2,
        transit_days_min=1, transit_days_max=1,
    )  # fmt: skip
    assert days(merchant, "20457") == ("Mon 08", "Mon 08")  # Wednesday and Friday to pack it
    merchant.region = ""
    assert days(merchant, "20457") == ("Fri 05", "Fri 05")
