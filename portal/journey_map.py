"""The parcel's way drawn on a map: one inline SVG, no tiles, no JavaScript, nothing fetched.

In: the stops of a journey, from the first scan to the delivery. Out: markup for `static/css/portal.css`, or None
when a map would say nothing. The ground under the route is drawn by `map_outlines.py`.
"""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import combinations, pairwise
from typing import Literal

from portal.city_names import city_name
from portal.gazetteer import country_at, nearby_cities
from portal.map_outlines import Box, Point, View, draw_outlines, latitude, mercator

State = Literal["done", "current", "next"]
_TITLE = "\x00"  # stands for the title, which is not part of the drawing that is kept

_SHORTEST_ROUTE_KM = 120
_SAME_PLACE_KM = 5
_LONGEST_LABEL = 26
_STATE_CLASS = {"done": "is-done", "current": "is-current", "next": "is-next"}
_DOT_RADIUS = {"done": 5.0, "current": 6.5, "next": 5.0}
_HALO_RADIUS = 14
_RANK = {"current": 0, "next": 1, "done": 2}  # who gets the best place for its label


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of the journey. Without coordinates (an unknown city) it is not drawn."""

    lat: float | None
    lon: float | None
    label: str
    state: State


@dataclass(frozen=True, slots=True)
class _Pin:
    """A stop on the picture."""

    x: float
    y: float
    label: str
    state: State


def render_journey_map(
    stops: Sequence[Stop], *, title: str, width: int = 440, height: int = 240, language: str = "en"
) -> str | None:
    """Return the SVG of a journey, or None when fewer than two places are known or they are close
    together.

    `title` is read out instead of the picture: pass the sentence shown under the map, in the page's
    language.
    """
    drawing = _draw(tuple(stops), width, height, language)
    return drawing and drawing.replace(_TITLE, escape(title), 1)


@lru_cache(maxsize=512)
def _draw(stops: tuple[Stop, ...], width: int, height: int, language: str) -> str | None:
    """The drawing with a place for its title: parcels of one way share it, whenever they were scanned."""
    route = _merge_repeats(stop for stop in stops if _is_located(stop))
    # The extent counts, not the way driven: to and fro within one city is one dot on a map.
    if max((_distance_km(a, b) for a, b in combinations(route, 2)), default=0) < _SHORTEST_ROUTE_KM:
        return None
    places = _unrolled(route)
    view = View.around(places, width, height)
    pins = [
        _Pin(*view.project(*place), stop.label, stop.state) for stop, place in zip(route, places, strict=True)
    ]
    legs = _legs(pins)
    labels = _Labels(width, height, pins, legs)
    return (
        f'<svg class="journey-map" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{_TITLE}"'
        f' direction="ltr"><rect class="journey-map-sea" width="{width}" height="{height}"/>'
        + draw_outlines(view, {country_at(*_coordinates(stop)) for stop in route})
        + "".join(_draw_leg(leg) for leg in legs)
        + "".join(_draw_dot(pin) for pin in pins)
        + _draw_labels(labels, pins)
        + _draw_context(labels, view, language)
        + "</svg>"
    )


# --- the route ---------------------------------------------------------------------------------


def _coordinates(stop: Stop) -> Point:
    assert stop.lat is not None
    assert stop.lon is not None
    return stop.lat, stop.lon


def _is_located(stop: Stop) -> bool:
    """Tell whether the coordinates can be true. 0, 0 is what systems write that do not know."""
    if stop.lat is None or stop.lon is None or (stop.lat == 0 and stop.lon == 0):
        return False
    return abs(stop.lat) <= 90 and abs(stop.lon) <= 180  # false for NaN, too


def _distance_km(a: Stop, b: Stop) -> float:
    (lat_a, lon_a), (lat_b, lon_b) = _coordinates(a), _coordinates(b)
    lat_1, lat_2 = math.radians(lat_a), math.radians(lat_b)
    half_chord = (
        math.sin((lat_2 - lat_1) / 2) ** 2
        + math.cos(lat_1) * math.cos(lat_2) * math.sin(math.radians(lon_b - lon_a) / 2) ** 2
    )
    return 12742 * math.asin(min(1.0, math.sqrt(half_chord)))


def _merge_repeats(stops: Iterable[Stop]) -> list[Stop]:
    """Return the stops with several scans at one place made one: its first name, its most telling
    state.
    """
    route: list[Stop] = []
    for stop in stops:
        if route and _distance_km(route[-1], stop) < _SAME_PLACE_KM:
            last = route.pop()
            states = {last.state, stop.state}
            state: State = "current" if "current" in states else "done" if "done" in states else "next"
            stop = Stop(last.lat, last.lon, last.label, state)
        route.append(stop)
    return route


def _unrolled(route: Sequence[Stop]) -> list[Point]:
    """Return Mercator places whose longitudes run on past 180° where that is the shorter way."""
    places: list[Point] = []
    for lat, lon in map(_coordinates, route):
        if places:
            lon -= 360 * round((lon - places[-1][0]) / 360)
        places.append((lon, mercator(lat)))
    return places


# --- legs, dots and labels ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Leg:
    """A way between two stops: a curve pulled towards `bend`."""

    start: Point
    bend: Point
    end: Point
    done: bool

    def samples(self) -> Iterator[Point]:
        """Yield points along the curve, close enough together that no label slips through."""
        count = max(2, round(math.dist(self.start, self.end) / 5))
        for t in (step / count for step in range(count + 1)):
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
            yield (
                a * self.start[0] + b * self.bend[0] + c * self.end[0],
                a * self.start[1] + b * self.bend[1] + c * self.end[1],
            )


def _legs(pins: Sequence[_Pin]) -> list[_Leg]:
    """Return the ways between the pins, arched upwards; a way taken again arches downwards."""
    legs: list[_Leg] = []
    seen: set[frozenset[Point]] = set()
    for a, b in pairwise(pins):
        dx, dy = b.x - a.x, b.y - a.y
        length = math.hypot(dx, dy) or 1.0
        height = min(0.15 * length, 44.0)
        up_x, up_y = dy / length, -dx / length
        if up_y > 0 or (abs(up_y) < 0.2 and up_x > 0):
            up_x, up_y = -up_x, -up_y
        ends = frozenset(((a.x, a.y), (b.x, b.y)))
        if ends in seen:
            height = -height
        seen.add(ends)
        bend = ((a.x + b.x) / 2 + up_x * height, (a.y + b.y) / 2 + up_y * height)
        legs.append(_Leg((a.x, a.y), bend, (b.x, b.y), done=b.state != "next"))
    return legs


class _Labels:
    """Finds free places for words. Edges, dots and other words are walls; crossing a leg is only
    ugly.
    """

    def __init__(self, width: int, height: int, pins: Sequence[_Pin], legs: Sequence[_Leg]) -> None:
        self.width = width
        self.height = height
        self.taken: list[Box] = [(p.x - 8, p.y - 8, p.x + 8, p.y + 8) for p in pins]
        self.route = [point for leg in legs for point in leg.samples()]

    def place(self, candidates: Iterable[tuple[str, Box]], *, may_cross: bool) -> tuple[str, Box] | None:
        """Return the best (anchor, box) and take it. Candidates come in order of preference."""
        best: tuple[float, str, Box] | None = None
        for preference, (anchor, box) in enumerate(candidates):
            if self._is_blocked(box):
                continue
            crossed = sum(box[0] < x < box[2] and box[1] < y < box[3] for x, y in self.route)
            if (crossed and not may_cross) or (best and best[0] <= crossed + preference / 4):
                continue
            best = (crossed + preference / 4, anchor, box)
        if best is None:
            return None
        self.taken.append(best[2])
        return best[1:]

    def _is_blocked(self, box: Box) -> bool:
        left, top, right, bottom = box
        if left < 4 or top < 3 or right > self.width - 4 or bottom > self.height - 3:
            return True
        return any(left < b[2] and right > b[0] and top < b[3] and bottom > b[1] for b in self.taken)


def _text_width(text: str, size: float) -> float:
    """Return a text's width in pixels in the widest of the usual system fonts, so that no word is
    cut.
    """
    return sum(map(_letter_width, text)) * size


@lru_cache(maxsize=1024)
def _letter_width(letter: str) -> float:
    if letter in "mwMW" or unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in "fijlrtI .,'-":
        return 0.42
    return 0.78 if letter.isupper() else 0.68


def _around(x: float, y: float, gap: float, text_width: float, size: float) -> Iterator[tuple[str, Box]]:
    """Yield (anchor, box) for a word beside, above, below and diagonally off a dot."""
    up, middle, down = y - gap - size, y - size * 0.55, y + gap
    near = gap * 0.6
    for anchor, edge, top in (
        ("start", x + gap, middle),
        ("end", x - gap, middle),
        ("middle", x, up),
        ("middle", x, down),
        ("start", x + near, up + 3),
        ("end", x - near, up + 3),
        ("start", x + near, down - 3),
        ("end", x - near, down - 3),
    ):
        left = edge - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * text_width
        yield anchor, (left, top, left + text_width, top + size * 1.15)


def _draw_leg(leg: _Leg) -> str:
    (ax, ay), (bx, by), (cx, cy) = leg.start, leg.bend, leg.end
    state = "is-done" if leg.done else "is-next"
    curve = f"M{ax:.0f} {ay:.0f}Q{bx:.0f} {by:.0f} {cx:.0f} {cy:.0f}"
    return f'<path class="journey-map-leg {state}" d="{curve}"/>'


def _draw_dot(pin: _Pin) -> str:
    centre = f'cx="{pin.x:.0f}" cy="{pin.y:.0f}"'
    state, radius = _STATE_CLASS[pin.state], _DOT_RADIUS[pin.state]
    dot = f'<circle class="journey-map-dot {state}" {centre} r="{radius:g}"/>'
    if pin.state != "current":
        return dot
    return f'<circle class="journey-map-halo" {centre} r="{_HALO_RADIUS}"/>{dot}'


def _draw_text(css_class: str, text: str, anchor: str, box: Box, size: float) -> str:
    x = {"start": box[0], "middle": (box[0] + box[2]) / 2, "end": box[2]}[anchor]
    baseline = box[1] + size * 0.9
    place = f'x="{x:.0f}" y="{baseline:.0f}" text-anchor="{anchor}"'
    return f'<text class="{css_class}" {place}>{escape(text)}</text>'


def _draw_labels(labels: _Labels, pins: Sequence[_Pin]) -> str:
    """Return the names of the stops, the most important placed first, each place named once."""
    drawn: list[str] = []
    named: set[tuple[str, int, int]] = set()
    for pin in sorted(pins, key=lambda pin: _RANK[pin.state]):
        text = " ".join(pin.label.split())
        text = text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1].rstrip() + "…"
        if not text or (text, round(pin.x), round(pin.y)) in named:
            continue
        named.add((text, round(pin.x), round(pin.y)))
        gap = 18 if pin.state == "current" else 11
        spot = labels.place(_around(pin.x, pin.y, gap, _text_width(text, 13), 13), may_cross=True)
        if spot:
            drawn.append(_draw_text(f"journey-map-label {_STATE_CLASS[pin.state]}", text, *spot, 13))
    return "".join(drawn)


def _draw_context(labels: _Labels, view: View, language: str) -> str:
    """Return a few big cities for orientation, where they disturb nothing."""
    south, north = latitude(view.north - view.height / view.scale), latitude(view.north)
    east = view.west + min(359.9, view.width / view.scale)
    drawn: list[str] = []
    for city in nearby_cities(south, view.west, north, east, limit=9, spacing=62 / view.scale):
        x, y = view.project(view.west + (city.lon - view.west) % 360, mercator(city.lat))
        name = city_name(city.name, city.country, language)
        text_width = 0.9 * _text_width(name, 10.5)  # not bold
        beside = (
            ("start", (x - 3, y - 6, x + 6 + text_width, y + 7)),
            ("end", (x - 6 - text_width, y - 6, x + 3, y + 7)),
        )
        if spot := labels.place(beside, may_cross=False):
            anchor, box = spot
            text_box = (x + 5, box[1], x - 5, box[3])
            drawn.append(f'<circle class="journey-map-city-dot" cx="{x:.0f}" cy="{y:.0f}" r="1.7"/>')
            drawn.append(_draw_text("journey-map-city", name, anchor, text_box, 10.5))
    return "".join(drawn)
