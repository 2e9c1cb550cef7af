"""The parcel map: when it is drawn, what it weighs, and that its land is where land is."""

import gzip
import re
import time
import xml.etree.ElementTree as ET
from bisect import bisect
from itertools import pairwise

import pytest

from portal import journey_map, map_outlines
from portal.gazetteer import locate
from portal.journey_map import State, Stop, render_journey_map

SAO_PAULO_RIO = "São Paulo BR, São José dos Campos BR, Rio de Janeiro BR"
LEIPZIG_PARIS = "Leipzig DE, Berlin DE, Frankfurt DE, Paris FR"
HAMBURG_MUNICH = "Hamburg DE, Kassel DE, München DE"
SHENZHEN_MUNICH = "Shenzhen CN, Dubai AE, Leipzig DE, München DE"
SHENZHEN_LOS_ANGELES = "Shenzhen CN, Los Angeles US"
ROUTES = [
    SAO_PAULO_RIO,
    LEIPZIG_PARIS,
    HAMBURG_MUNICH,
    SHENZHEN_MUNICH,
    SHENZHEN_LOS_ANGELES,
    "New York US, Cleveland US, Chicago US",
    "Sydney AU, Singapore SG, London GB",
    "Oslo NO, Copenhagen DK, München DE, Roma IT",
    "Auckland NZ, Suva FJ, Honolulu US",
    "Rotterdam NL, Venlo NL, Duisburg DE, Dortmund DE, Hannover DE, Magdeburg DE, Berlin DE",
    "Leipzig DE, Hannover DE, Leipzig DE, Dresden DE",
    "Vancouver CA, Edmonton CA",
]
Point = tuple[float, float]


def stops_of(route: str) -> list[Stop]:
    """All but the last stop done, the last but one the current."""
    stops = []
    names = route.split(", ")
    for number, name in enumerate(names):
        left = len(names) - number
        state: State = "next" if left == 1 else "current" if left == 2 else "done"
        city, country = name[:-3], name[-2:]
        place = locate(city, country)
        assert place is not None, name
        stops.append(Stop(place.lat, place.lon, city, state))
    return stops


def drawn(route: str) -> str:
    svg = render_journey_map(stops_of(route), title=route)
    assert svg is not None
    return svg


def rings(svg: str, layer: str) -> list[list[Point]]:
    """Return the absolute points of a layer's closed outlines."""
    data = re.search(rf'class="journey-map-{layer}" d="([^"]*)"', svg)
    found = []
    for part in re.findall(r"M([^M]*)z", data[1]) if data else []:
        numbers = [float(number) for number in re.findall(r"-?(?:\d+(?:\.\d+)?|\.\d+)", part)]
        points = [(numbers[0], numbers[1])]
        for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
            points.append((points[-1][0] + dx, points[-1][1] + dy))
        found.append(points)
    return found


def crossings(outlines: list[list[Point]], y: float) -> list[float]:
    """Return where the outlines cross a horizontal line, from left to right."""
    found = []
    for ring in outlines:
        for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
            if (ay > y) != (by > y):
                found.append(ax + (y - ay) * (bx - ax) / (by - ay))
    return sorted(found)


def is_inside(outlines: list[list[Point]], point: Point) -> bool:
    return bisect(crossings(outlines, point[1]), point[0]) % 2 == 1


def land_raster(svg: str) -> list[bool]:
    """Return for a grid of pixels whether each is land."""
    outlines = rings(svg, "land")
    raster = []
    for y in range(4, 240, 8):
        row = crossings(outlines, y + 0.3)
        raster += [bisect(row, x) % 2 == 1 for x in range(4, 440, 8)]
    return raster


def pixel(route: str, lat: float, lon: float) -> Point:
    view = map_outlines.View.around(journey_map._unrolled(stops_of(route)), 440, 240)
    return view.project(lon, map_outlines.mercator(lat))


def label_boxes(svg: str) -> list[tuple[float, float, float, float]]:
    """Return the boxes of all words, at a usual letter width."""
    boxes = []
    for text in ET.fromstring(svg).iter("text"):
        small = text.get("class") == "journey-map-city"
        width = len(text.text or "") * (5.4 if small else 7.3)
        x, y, anchor = float(text.get("x", "")), float(text.get("y", "")), text.get("text-anchor")
        left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor or ""] * width
        boxes.append((left, y - (8 if small else 10), left + width, y + 2))
    return boxes


@pytest.mark.parametrize("route", ROUTES)
def test_a_map_is_small_well_formed_and_fit_for_a_strict_policy(route: str) -> None:
    svg = drawn(route)
    assert len(gzip.compress(svg.encode())) <= 8 * 1024
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == route
    assert root.get("direction") == "ltr"
    assert "style" not in svg
    assert not re.search(r"\son\w+=|href|url\(|nan|inf", svg)


@pytest.mark.parametrize("route", ROUTES)
def test_words_neither_touch_each_other_nor_leave_the_picture(route: str) -> None:
    boxes = label_boxes(drawn(route))
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        assert right <= 440
        assert top >= 0
        assert bottom <= 240
        for other in boxes[number + 1 :]:
            apart = left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]
            assert apart, (boxes[number], other)


@pytest.mark.parametrize("route", ROUTES)
def test_every_stop_is_named_and_lies_in_the_picture(route: str) -> None:
    svg = drawn(route)
    named = {text.text for text in ET.fromstring(svg).iter("text")}
    for stop in stops_of(route):
        assert stop.label in named
    for x, y in re.findall(r'journey-map-dot [^>]*cx="(-?\d+)" cy="(-?\d+)"', svg):
        assert 10 < int(x) < 430
        assert 10 < int(y) < 230


@pytest.mark.parametrize("route", ROUTES)
def test_a_map_is_drawn_quickly_once_the_data_is_loaded(route: str) -> None:
    stops = stops_of(route)
    render_journey_map(stops, title="warm up")
    times = []
    for _attempt in range(3):
        journey_map._draw.cache_clear()
        started = time.thread_time()
        render_journey_map(stops, title="x")
        times.append(time.thread_time() - started)
    assert min(times) < 0.15


@pytest.mark.parametrize(
    ("route", "land", "sea"),
    [
        (LEIPZIG_PARIS, [(51.0, 10.5), (49.5, 4.5), (50.1, 14.4), (48.6, 2.0)], [(53.2, 3.2)]),
        (HAMBURG_MUNICH, [(52.4, 9.7), (50.1, 14.4), (50.6, 5.6)], [(54.0, 7.0), (54.6, 3.5)]),
        (SAO_PAULO_RIO, [(-22.9, -47.0), (-22.3, -43.5)], [(-24.2, -44.5)]),
        (SHENZHEN_MUNICH, [(55.7, 37.6), (23.0, 79.0), (24.0, 45.0)], [(15.0, 65.0), (35.0, 18.0)]),
        (SHENZHEN_LOS_ANGELES, [(39.0, -110.0 + 360), (33.0, 105.0)], [(30.0, 180.0)]),
    ],
)
def test_land_is_land_and_sea_is_sea(route: str, land: list[Point], sea: list[Point]) -> None:
    outlines = rings(drawn(route), "land")
    for lat, lon in land:
        assert is_inside(outlines, pixel(route, lat, lon)), (lat, lon)
    for lat, lon in sea:
        assert not is_inside(outlines, pixel(route, lat, lon)), (lat, lon)


@pytest.mark.parametrize("route", ROUTES)
def test_simplified_land_covers_what_the_full_data_covers(
    route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    simplified = land_raster(drawn(route))
    monkeypatch.setattr(map_outlines, "_simplify", lambda points: points)
    monkeypatch.setattr(map_outlines._Pencil, "_without_hidden", lambda self, points, shift: points)
    journey_map._draw.cache_clear()
    full_svg = render_journey_map(stops_of(route), title=f"{route}, in full")
    journey_map._draw.cache_clear()
    assert full_svg is not None
    full = land_raster(full_svg)
    assert any(full)
    differing = sum(a != b for a, b in zip(simplified, full, strict=True))
    assert differing <= len(full) * 0.015


def test_the_countries_of_the_route_are_lit_and_others_are_not() -> None:
    lit = rings(drawn(LEIPZIG_PARIS), "country")
    assert is_inside(lit, pixel(LEIPZIG_PARIS, 51.0, 10.5))
    assert is_inside(lit, pixel(LEIPZIG_PARIS, 48.6, 2.0))
    assert not is_inside(lit, pixel(LEIPZIG_PARIS, 50.6, 4.6))


def test_a_route_over_the_pacific_takes_the_short_way() -> None:
    start, end = re.findall(r'journey-map-dot [^>]*cx="(\d+)"', drawn(SHENZHEN_LOS_ANGELES))
    assert int(start) < int(end)
    assert "Honolulu" in drawn("Tokyo JP, Los Angeles US")


def test_no_map_for_fewer_than_two_places() -> None:
    berlin = Stop(52.52, 13.41, "Berlin", "current")
    unknown = Stop(None, None, "Somewhere", "next")
    assert render_journey_map([], title="x") is None
    assert render_journey_map([berlin], title="x") is None
    assert render_journey_map([berlin, unknown], title="x") is None
    assert render_journey_map([berlin, berlin, berlin], title="x") is None


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(0.0, 0.0), (float("nan"), 5.0), (5.0, float("inf")), (95.0, 5.0), (5.0, 999.0)],
)
def test_coordinates_that_cannot_be_true_are_left_out(lat: float, lon: float) -> None:
    berlin = Stop(52.52, 13.41, "Berlin", "done")
    munich = Stop(48.14, 11.58, "München", "next")
    broken = Stop(lat, lon, "Broken", "current")
    assert render_journey_map([berlin, broken], title="x") is None
    svg = render_journey_map([berlin, broken, munich], title="x")
    assert svg is not None
    assert "Broken" not in svg


def test_no_map_for_a_local_route_even_to_and_fro() -> None:
    berlin = Stop(52.52, 13.41, "Berlin", "done")
    potsdam = Stop(52.4, 13.07, "Potsdam", "done")
    assert render_journey_map([berlin, potsdam], title="x") is None
    assert render_journey_map([berlin, potsdam] * 5, title="x") is None


def test_the_limit_lies_at_120_kilometres() -> None:
    start = Stop(50.0, 10.0, "A", "done")
    assert render_journey_map([start, Stop(51.07, 10.0, "B", "next")], title="x") is None  # 119 km
    assert render_journey_map([start, Stop(51.09, 10.0, "B", "next")], title="x")  # 121 km


def test_several_scans_in_one_place_are_one_dot() -> None:
    hamburg, kassel, munich = stops_of(HAMBURG_MUNICH)
    arrived = Stop(kassel.lat, kassel.lon, "Kassel", "done")
    svg = render_journey_map([hamburg, arrived, kassel, munich], title="x")
    assert svg is not None
    assert svg.count("journey-map-dot") == 3
    assert svg.count("journey-map-halo") == 1
    assert svg.count("journey-map-leg") == 2


def test_the_way_behind_is_solid_and_the_way_ahead_is_dotted() -> None:
    svg = drawn(LEIPZIG_PARIS)
    assert svg.count("journey-map-leg is-done") == 2
    assert svg.count("journey-map-leg is-next") == 1
    delivered = [Stop(s.lat, s.lon, s.label, "done") for s in stops_of(LEIPZIG_PARIS)]
    finished = render_journey_map(delivered, title="x")
    assert finished is not None
    assert "is-next" not in finished
    assert "journey-map-halo" not in finished


def test_a_way_taken_twice_is_seen_twice() -> None:
    curves = re.findall(r'journey-map-leg [^>]*d="([^"]+)"', drawn(ROUTES[10]))
    there, back = (re.findall(r"Q(\S+ \S+) ", curve)[0] for curve in curves[:2])
    assert there != back


def test_hostile_words_stay_words() -> None:
    evil = '"><script>alert(1)</script><text x="'
    stops = [Stop(52.5, 13.4, "<b>&</b>", "done"), Stop(48.1, 11.6, evil, "current")]
    svg = render_journey_map(stops, title=evil)
    assert svg is not None
    root = ET.fromstring(svg)
    assert root.get("aria-label") == evil
    assert "<script" not in svg
    assert "<b>" not in svg
    assert "<b>&</b>" in {text.text for text in root.iter("text")}


def test_a_very_long_label_is_shortened() -> None:
    stops = [Stop(52.5, 13.4, "Donaudampfschifffahrt" * 9, "done"), Stop(48.1, 11.6, "B", "next")]
    svg = render_journey_map(stops, title="x")
    assert svg is not None
    assert any((text.text or "").endswith("…") for text in ET.fromstring(svg).iter("text"))


def test_detail_follows_the_width_of_the_view() -> None:
    def detail(route: str) -> str:
        return map_outlines.View.around(journey_map._unrolled(stops_of(route)), 440, 240).detail

    assert detail(HAMBURG_MUNICH) == "10m"
    assert detail("Oslo NO, Roma IT") == "50m"
    assert detail(SHENZHEN_MUNICH) == "110m"


def test_the_same_way_is_drawn_once_whatever_is_said_about_it() -> None:
    journey_map._draw.cache_clear()
    first = render_journey_map(stops_of(HAMBURG_MUNICH), title="Yesterday & before")
    second = render_journey_map(stops_of(HAMBURG_MUNICH), title="Today")
    assert journey_map._draw.cache_info().misses == 1
    assert first
    assert second
    assert 'aria-label="Yesterday &amp; before"' in first
    assert first.replace("Yesterday &amp; before", "Today") == second


def test_size_can_be_chosen() -> None:
    svg = render_journey_map(stops_of(HAMBURG_MUNICH), title="x", width=300, height=400)
    assert svg is not None
    assert 'viewBox="0 0 300 400"' in svg
