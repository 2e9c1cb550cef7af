"""The delivery promise: what is taken, and that its example is what the rule says."""

from datetime import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard import formats
from merchants.models import Merchant
from tracking.windows import by_rule

PAGE = "/app/nordwind/settings/delivery/"
FORM: dict[str, Any] = {
    "order_cutoff": "14:30", "processing_days": "2", "working_days": ["0", "1", "2", "3", "4", "5"],
    "keeps_holidays": "on", "transit_days_min": "1", "transit_days_max": "2",
    "zone_0_countries": "AT, Switzerland", "zone_0_min": "3", "zone_0_max": "5",
}  # fmt: skip


def shown(owner_: Merchant, country: str) -> str:
    with timezone.override(owner_.timezone):
        window = by_rule(owner_, placed_at=timezone.now(), shipped_at=None, country=country)
        return formats.window(window.start, window.end)


def test_the_rule_is_saved_and_the_page_says_what_it_means_today(merchant: Merchant, owner: Client) -> None:
    page = owner.get(PAGE).content.decode()
    assert shown(merchant, "DE") in page
    assert owner.post(PAGE, FORM).status_code == 302
    merchant.refresh_from_db()
    assert merchant.order_cutoff == time(14, 30)
    assert (merchant.processing_days, merchant.working_days) == (2, [0, 1, 2, 3, 4, 5])
    assert (merchant.keeps_holidays, merchant.transit_zones) == (True, ["AT,CH=3-5"])
    page = owner.get(PAGE).content.decode()
    assert shown(merchant, "DE") in page
    assert shown(merchant, "AT") in page
    assert "Austria" in page
    assert 'value="AT, CH"' in page
    # The cut-off can be taken away, and the group.
    owner.post(PAGE, {**FORM, "order_cutoff": "", "zone_0_countries": "", "zone_0_min": "", "zone_0_max": ""})
    merchant.refresh_from_db()
    assert (merchant.order_cutoff, merchant.transit_zones) == (None, [])


def test_a_region_with_holidays_of_its_own_is_chosen_where_there_are_some(
    merchant: Merchant, owner: Client
) -> None:
    assert '<option value="BY">Bayern' in owner.get(PAGE).content.decode()
    assert owner.post(PAGE, {**FORM, "region": "QQ"}).status_code == 422
    assert owner.post(PAGE, {**FORM, "region": "BY"}).status_code == 302
    merchant.refresh_from_db()
    assert merchant.region == "BY"
    merchant.country = "XX"
    merchant.save()
    assert 'name="region"' not in owner.get(PAGE).content.decode()
    assert owner.post(PAGE, FORM).status_code == 302


def test_the_example_follows_what_is_typed_and_saves_nothing(merchant: Merchant, owner: Client) -> None:
    typed = {**FORM, "transit_days_min": "20", "transit_days_max": "21", "keeps_holidays": ""}
    fragment = owner.get(PAGE + "example/", typed).content.decode()
    merchant.refresh_from_db()
    assert merchant.transit_days_min == 1
    merchant.processing_days, merchant.working_days, merchant.order_cutoff = (
        2,
        [0, 1, 2, 3, 4, 5],
        time(14, 30),
    )
    merchant.transit_days_min, merchant.transit_days_max = 20, 21
    assert shown(merchant, "DE") in fragment
    # With something wrong in it, the rest still counts.
    assert owner.get(PAGE + "example/", {**typed, "processing_days": "many"}).status_code == 200


def test_the_european_union_is_27_countries(merchant: Merchant, owner: Client) -> None:
    owner.post(PAGE, {**FORM, "zone_0_countries": "eu; Norway"})
    merchant.refresh_from_db()
    countries = merchant.transit_zones[0].split("=")[0].split(",")
    assert len(countries) == 28
    assert {"FR", "HR", "NO"} < set(countries)


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"order_cutoff": "25:00"}, "order_cutoff"),
        ({"processing_days": "-1"}, "processing_days"),
        ({"processing_days": "91"}, "processing_days"),
        ({"working_days": []}, "working_days"),
        ({"working_days": ["7"]}, "working_days"),
        ({"transit_days_min": "3", "transit_days_max": "2"}, "transit_days_max"),
        ({"zone_0_countries": "Atlantis"}, "zone_0_countries"),
        ({"zone_0_countries": ""}, "zone_0_countries"),
        ({"zone_0_min": ""}, "zone_0_min"),
        ({"zone_0_max": "1"}, "zone_0_max"),
        ({"zone_1_countries": "AT", "zone_1_min": "1", "zone_1_max": "2"}, "zone_1_countries"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_its_field(
    merchant: Merchant, owner: Client, fields: dict[str, Any], at: str
) -> None:
    answer = owner.post(PAGE, {**FORM, **fields})
    assert answer.status_code == 422
    assert f'id="id_{at}_error"' in answer.content.decode()
    merchant.refresh_from_db()
    assert (merchant.processing_days, merchant.transit_zones) == (1, [])
