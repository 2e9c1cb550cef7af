"""Maps name foreign cities as their readers do."""

import pytest

from portal.city_names import city_name
from portal.journey_map import Stop, render_journey_map


@pytest.mark.parametrize(
    ("name", "country", "language", "shown"),
    [
        ("Milan", "IT", "de", "Mailand"),
        ("Vienna", "AT", "de-AT", "Wien"),
        ("Prague", "CZ", "de", "Prag"),
        ("Milan", "IT", "en", "Milan"),
        ("Geneva", "US", "de", "Geneva"),  # there are others of that name
        ("Leipzig", "DE", "de", "Leipzig"),
    ],
)
def test_a_city_is_called_what_the_reader_calls_it(
    name: str, country: str, language: str, shown: str
) -> None:
    assert city_name(name, country, language) == shown


def test_the_cities_around_a_journey_are_named_in_its_language() -> None:
    stops = [Stop(48.14, 11.58, "München", "done"), Stop(41.9, 12.48, "Rom", "next")]
    german = render_journey_map(stops, title="x", language="de")
    english = render_journey_map(stops, title="x", language="en")
    assert german is not None
    assert english is not None
    assert ">Mailand<" in german
    assert ">Milan<" in english
    assert ">Milan<" not in german
