"""What carriers write as a city, and what we make of it."""

import time

import pytest

from portal.gazetteer import country_at, locate, nearby_cities, normalise


def name_of(city: str, country: str, postcode: str = "") -> str | None:
    place = locate(city, country, postcode)
    return place.name if place else None


@pytest.mark.parametrize(
    "written",
    ["Köln", "KOELN", "koln", "Cologne", "  KÖLN ", "Köln-Eifeltor", "50667 Köln", "Köln, NRW"],
)
def test_every_spelling_of_a_city_finds_it(written: str) -> None:
    assert name_of(written, "DE") == "Köln"


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("FRANKFURT AM MAIN - DE", "", "Frankfurt am Main"),
        ("Leipzig, Germany", "", "Leipzig"),
        ("DUESSELDORF - GERMANY", "DE", "Düsseldorf"),
        ("Muenchen", "de", "München"),
        ("MUNICH", "DEU", "München"),
        ("Leipzig/Halle", "Deutschland", "Leipzig"),
        ("Paketzentrum Leipzig", "DE", "Leipzig"),
        ("LEIPZIG HUB", "DE", "Leipzig"),
        ("Lyon Cedex 03", "FR", "Lyon"),
        ("Mailand", "Italien", "Milan"),
        ("Århus", "DK", "Århus"),
        ("AARHUS", "DK", "Århus"),
        ("Zürich", "CH", "Zürich"),
        ("ZUERICH", "Schweiz", "Zürich"),
        ("s-Hertogenbosch", "NL", "'s-Hertogenbosch"),
        ("HONG KONG - HONG KONG SAR, CHINA", "", "Hong Kong"),
        ("Sao Jose dos Campos", "BR", "São José dos Campos"),
    ],
)
def test_usual_carrier_texts_are_understood(written: str, country: str, expected: str) -> None:
    assert name_of(written, country) == expected


def test_the_biggest_city_wins_among_equals() -> None:
    assert name_of("Frankfurt", "DE") == "Frankfurt am Main"
    assert name_of("Halle", "DE") == "Halle (Saale)"
    london = locate("London", "")
    assert london is not None
    assert london.country == "GB"


def test_a_qualified_name_finds_the_smaller_city() -> None:
    assert name_of("Frankfurt (Oder)", "DE") == "Frankfurt (Oder)"
    halle = locate("Halle (Westf.)", "DE")
    assert halle is not None
    assert halle.lon < 9


def test_a_city_is_never_found_in_another_country() -> None:
    assert locate("Köln", "FR") is None
    assert locate("Leipzig", "Atlantis") is None


def test_a_country_at_the_end_is_only_a_hint() -> None:
    place = locate("Atlanta, Georgia", "")
    assert place is not None
    assert place.country == "US"


@pytest.mark.parametrize(
    ("written", "postcode", "west_of"),
    [("Springfield, IL", "", -89), ("Springfield", "01101", -72), ("Springfield", "", -93)],
)
def test_state_or_zip_code_chooses_between_american_namesakes(
    written: str, postcode: str, west_of: float
) -> None:
    place = locate(written, "US", postcode)
    assert place is not None
    assert west_of - 1 < place.lon < west_of


@pytest.mark.parametrize("written", ["", "   ", "123", "-", "Nirgendwo", "Bad Nirgendwo", "\x00", "🎁"])
def test_what_is_no_city_is_not_located(written: str) -> None:
    assert locate(written, "DE") is None


def test_a_very_long_text_is_cheap() -> None:
    started = time.thread_time()
    assert locate("x " * 100_000, "DE") is None
    assert time.thread_time() - started < 1


def test_old_names_do_not_hide_a_city_of_that_name() -> None:
    manchester = locate("Manchester", "US")
    assert manchester is not None
    assert manchester.name == "Manchester"


def test_normalised_names_have_no_case_accents_or_punctuation() -> None:
    assert normalise("Saint-Étienne") == normalise("SAINT ETIENNE") == "saint etienne"
    assert normalise("Łódź") == "lodz"
    assert normalise("L'Aquila") == "laquila"


def test_look_ups_are_cheap_once_loaded() -> None:
    locate("Berlin", "DE")
    started = time.thread_time()
    for number in range(1000):
        locate(f"Hub {number} Berlin Mitte Nord", "DE")
    assert time.thread_time() - started < 0.5


def test_nearby_cities_are_the_biggest_in_the_box_and_spaced() -> None:
    cities = nearby_cities(47, 5, 55, 15, limit=6, spacing=2)
    assert [city.name for city in cities[:2]] == ["Berlin", "Hamburg"]
    assert len(cities) == 6
    for city in cities:
        assert 47 <= city.lat <= 55
        assert 5 <= city.lon <= 15
    populations = [city.population for city in cities]
    assert populations == sorted(populations, reverse=True)
    # Without spacing the Ruhr and the neighbours of big cities crowd the list.
    names = {city.name for city in cities}
    assert len({"Köln", "Düsseldorf", "Essen", "Dortmund"} & names) <= 1


def test_nearby_cities_work_across_the_date_line() -> None:
    names = {city.name for city in nearby_cities(-45, 150, 30, 210, limit=10)}
    assert {"Sydney", "Auckland", "Honolulu"} <= names
    assert "London" not in names


def test_country_of_a_point_is_that_of_the_nearest_city() -> None:
    assert country_at(50.94, 6.96) == "DE"
    assert country_at(48.85, 2.35) == "FR"
    assert country_at(30.0, -40.0) == ""
