"""The parcel's way drawn on a map: one inline SVG, no tiles, no JavaScript, nothing fetched.

In: the stops of a journey, from the first scan to the delivery. Out: markup for
`static/css/journey-map.css`, or None when a map would say nothing. Outlines are Natural Earth,
packed by `tools/build_map_data.py` in three levels of detail, each loaded when first needed. Places
are Mercator degrees (longitude, stretched latitude) until `_View.project` turns them into pixels.
"""

import json
import math
import sys
import unicodedata
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import accumulate, combinations, pairwise
from pathlib import Path
from typing import Literal

from portal.gazetteer import country_at, nearby_cities

State = Literal["done", "current", "next"]
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom or west, south, east, north

_DATA = Path(__file__).parent / "map_data"
_SHORTEST_ROUTE_KM = 120
_SAME_PLACE_KM = 5
_NARROWEST_VIEW = 4.5  # degrees; closer up there is only an empty plain
_PADDING = 0.22  # of the route's extent, on each side
_FRAME = 10  # pixels drawn beyond the picture, so that cut edges stay out of sight
_TOLERANCE = 0.6  # pixels an outline may be off
_SMALLEST_ISLAND = 1.5  # square pixels
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
    stops: Sequence[Stop], *, title: str, width: int = 440, height: int = 240
) -> str | None:
    """Return the SVG of a journey, or None when fewer than two places are known or they are close
    together.

    `title` is read out instead of the picture: pass the sentence shown under the map, in the page's
    language.
    """
    return _render(tuple(stops), title, width, height)


@lru_cache(maxsize=256)
def _render(stops: tuple[Stop, ...], title: str, width: int, height: int) -> str | None:
    route = _merge_repeats(stop for stop in stops if _is_located(stop))
    # The extent counts, not the way driven: to and fro within one city is one dot on a map.
    if max((_distance_km(a, b) for a, b in combinations(route, 2)), default=0) < _SHORTEST_ROUTE_KM:
        return None
    places = _unrolled(route)
    view = _View.around(places, width, height)
    pins = [
        _Pin(*view.project(*place), stop.label, stop.state) for stop, place in zip(route, places, strict=True)
    ]
    legs = _legs(pins)
    labels = _Labels(width, height, pins, legs)
    return (
        f'<svg class="journey-map" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{escape(title)}"'
        f' direction="ltr"><rect class="journey-map-sea" width="{width}" height="{height}"/>'
        + _draw_outlines(view, {country_at(*_coordinates(stop)) for stop in route})
        + "".join(_draw_leg(leg) for leg in legs)
        + "".join(_draw_dot(pin) for pin in pins)
        + _draw_labels(labels, pins)
        + _draw_context(labels, view)
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


def _mercator(lat: float) -> float:
    lat = max(-84.0, min(84.0, lat))
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)))


def _latitude(mercator: float) -> float:
    return math.degrees(2 * math.atan(math.exp(math.radians(mercator))) - math.pi / 2)


def _unrolled(route: Sequence[Stop]) -> list[Point]:
    """Return Mercator places whose longitudes run on past 180° where that is the shorter way."""
    places: list[Point] = []
    for lat, lon in map(_coordinates, route):
        if places:
            lon -= 360 * round((lon - places[-1][0]) / 360)
        places.append((lon, _mercator(lat)))
    return places


# --- what is in the picture --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _View:
    """The part of the world shown: its west and north edge, and pixels per degree."""

    west: float
    north: float
    scale: float
    width: int
    height: int

    @classmethod
    def around(cls, places: Sequence[Point], width: int, height: int) -> "_View":
        xs, ys = zip(*places, strict=True)
        room = 1 + 2 * _PADDING
        across = max((max(xs) - min(xs)) * room, (max(ys) - min(ys)) * room * width / height, _NARROWEST_VIEW)
        scale = width / across
        west = (max(xs) + min(xs)) / 2 - across / 2
        north = (max(ys) + min(ys)) / 2 + height / scale / 2
        return cls(west, north, scale, width, height)

    @property
    def detail(self) -> str:
        """The coarsest outlines that still look like a coast at this scale."""
        across = self.width / self.scale
        return "10m" if across < 24 else "50m" if across < 110 else "110m"

    def project(self, x: float, y: float) -> Point:
        return (x - self.west) * self.scale, (self.north - y) * self.scale

    def copies(self, box: Box) -> range:
        """Return by which turns of the globe a box must be moved to be seen, if at all."""
        margin = _FRAME / self.scale
        south = self.north - self.height / self.scale
        if box[1] > self.north + margin or box[3] < south - margin:
            return range(0)
        east = self.west + self.width / self.scale
        first = math.ceil((self.west - margin - box[2]) / 360)
        last = math.floor((east + margin - box[0]) / 360)
        return range(first, last + 1)


# --- outlines ----------------------------------------------------------------------------------


class _Outlines:
    """One packed file; the format is described at `pack_outlines` in the build tool. Arcs are
    decoded on demand.
    """

    def __init__(self, path: Path) -> None:
        header, _, content = zlib.decompress(path.read_bytes()).partition(b"\n")
        facts = json.loads(header)
        self.grid: int = facts["grid"]
        self.land_rings: int = facts["land_rings"]
        self.owners: list[str] = facts["owners"]  # country of each ring after the land rings
        columns: dict[str, array[int]] = {}
        for name, kind, length in facts["columns"]:
            column = columns[name] = array(kind)
            size = length * column.itemsize
            column.frombytes(content[:size])
            content = content[size:]
            if sys.byteorder == "big":
                column.byteswap()
        self.columns = columns
        self.first_step = [0, *accumulate(columns["arc_steps"])]
        self.first_ref = [0, *accumulate(columns["ring_arcs"])]

    def box(self, column: str, number: int) -> Box:
        west, south, east, north = self.columns[column][4 * number : 4 * number + 4]
        return west / self.grid, south / self.grid, east / self.grid, north / self.grid

    def ring(self, number: int) -> Sequence[int]:
        return self.columns["arc_refs"][self.first_ref[number] : self.first_ref[number + 1]]

    def arc(self, number: int) -> Iterator[Point]:
        steps = slice(self.first_step[number], self.first_step[number + 1])
        start_x, start_y = self.columns["arc_start"][2 * number : 2 * number + 2]
        xs = accumulate(self.columns["step_x"][steps], initial=start_x)
        ys = accumulate(self.columns["step_y"][steps], initial=start_y)
        return ((x / self.grid, y / self.grid) for x, y in zip(xs, ys, strict=True))


@lru_cache(maxsize=3)
def _load(detail: str) -> _Outlines:
    return _Outlines(_DATA / f"ne-{detail}.bin")


class _Pencil:
    """Draws outlines into one view. Each arc is simplified once, so two neighbours never gape or
    overlap.
    """

    def __init__(self, outlines: _Outlines, view: _View) -> None:
        self.outlines = outlines
        self.view = view
        self.turn = 360 * view.scale
        self.arcs: dict[int, list[Point]] = {}

    def ring(self, number: int) -> str:
        copies = self.view.copies(self.outlines.box("ring_box", number))
        if not copies:
            return ""
        points: list[Point] = []
        for ref in self.outlines.ring(number):
            arc = self._arc(ref) if ref >= 0 else self._arc(~ref)[::-1]
            # Outlines are continuous across 180°: an arc stored on the far side is brought over.
            turns = round((points[-1][0] - arc[0][0]) / self.turn) if points else 0
            points.extend(_shifted(arc[1:] if points else arc, turns * self.turn))
        clipped = (self._clip(_shifted(points, copy * self.turn)) for copy in copies)
        return "".join(_path(part, closed=True) for part in clipped if _area(part) > _SMALLEST_ISLAND)

    def border(self, arc: int) -> str:
        copies = self.view.copies(self.outlines.box("arc_box", arc))
        runs = (
            run for copy in copies for run in self._visible_runs(_shifted(self._arc(arc), copy * self.turn))
        )
        return "".join(_path(run, closed=False) for run in runs)

    def _arc(self, number: int) -> list[Point]:
        """Return an arc in pixels. One that is out of view is only its ends: nobody sees what lies
        between.
        """
        if number not in self.arcs:
            points = [self.view.project(*point) for point in self.outlines.arc(number)]
            copies = self.view.copies(self.outlines.box("arc_box", number))
            if len(copies) == 1:
                points = self._without_hidden(points, copies[0] * self.turn)
            self.arcs[number] = _simplify(points) if copies else [points[0], points[-1]]
        return self.arcs[number]

    def _without_hidden(self, points: list[Point], shift: float) -> list[Point]:
        """Drop points that lie beyond the same edge as both neighbours: most of a long coast, at no
        cost.
        """
        sides = [self._sides(x + shift, y) for x, y in points]
        kept = [0]
        for i in range(1, len(points) - 1):
            if not sides[kept[-1]] & sides[i] & sides[i + 1]:
                kept.append(i)
        return [points[i] for i in kept] + points[-1:]

    def _sides(self, x: float, y: float) -> int:
        """Return the edges a point lies beyond, one bit each."""
        across = 1 if x < -_FRAME else 2 if x > self.view.width + _FRAME else 0
        return across | (4 if y < -_FRAME else 8 if y > self.view.height + _FRAME else 0)

    def _clip(self, ring: list[Point]) -> list[Point]:
        """Cut a ring to the picture and its frame, edge after edge (Sutherland-Hodgman)."""
        for axis, length in ((0, self.view.width), (1, self.view.height)):
            ring = _keep_side(ring, axis, -_FRAME, 1)
            ring = _keep_side(ring, axis, length + _FRAME, -1)
        return ring

    def _visible_runs(self, line: list[Point]) -> Iterator[list[Point]]:
        run: list[Point] = []
        for a, b in pairwise(line):
            if self._sides(*a) & self._sides(*b):
                if run:
                    yield run
                run = []
            else:
                run = run or [a]
                run.append(b)
        if run:
            yield run


def _draw_outlines(view: _View, countries: set[str]) -> str:
    """Return land, the countries of the route in a lighter tone, and borders."""
    outlines = _load(view.detail)
    pencil = _Pencil(outlines, view)
    mine = [outlines.land_rings + n for n, owner in enumerate(outlines.owners) if owner in countries]
    layers = {
        "land": "".join(pencil.ring(number) for number in range(outlines.land_rings)),
        "country": "".join(pencil.ring(number) for number in mine),
        "border": "".join(pencil.border(arc) for arc in outlines.columns["borders"]),
    }
    return "".join(f'<path class="journey-map-{name}" d="{path}"/>' for name, path in layers.items() if path)


# --- geometry ----------------------------------------------------------------------------------


def _shifted(points: list[Point], by: float) -> list[Point]:
    return [(x + by, y) for x, y in points] if by else points


def _area(ring: list[Point]) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))) / 2


def _keep_side(ring: list[Point], axis: int, limit: float, side: int) -> list[Point]:
    kept: list[Point] = []
    for a, b in zip(ring[-1:] + ring[:-1], ring, strict=True):
        a_in, b_in = (a[axis] - limit) * side >= 0, (b[axis] - limit) * side >= 0
        if a_in != b_in:
            t = (limit - a[axis]) / (b[axis] - a[axis])
            kept.append((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t))
        if b_in:
            kept.append(b)
    return kept


def _simplify(points: list[Point]) -> list[Point]:
    """Return the line without points that matter less than the tolerance; both ends stay
    (Douglas-Peucker).
    """
    points = _thin_out(points)
    keep = {0, len(points) - 1}
    stack = [(0, len(points) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        distance, farthest = _farthest(points, first, last)
        if distance > _TOLERANCE**2:
            keep.add(farthest)
            stack += [(first, farthest), (farthest, last)]
    return [points[index] for index in sorted(keep)]


def _thin_out(points: list[Point]) -> list[Point]:
    """Drop points within half a pixel of the last one kept: cheap, and most of the fine outlines'
    points.
    """
    kept = points[:1]
    for x, y in points[1:-1]:
        if abs(x - kept[-1][0]) > 0.5 or abs(y - kept[-1][1]) > 0.5:
            kept.append((x, y))
    return kept + points[-1:]


def _farthest(points: list[Point], first: int, last: int) -> tuple[float, int]:
    """Return (squared distance, index) of the point farthest from the segment between two points.

    The segment, not the endless line: a closed coast has both ends in one place and would vanish.
    """
    (ax, ay), (bx, by) = points[first], points[last]
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy or 1.0
    best, index = -1.0, first
    for i in range(first + 1, last):
        px, py = points[i][0] - ax, points[i][1] - ay
        t = (px * dx + py * dy) / length
        if t > 0:  # written out: this is the hottest line of a map
            t = t if t < 1 else 1.0
            px, py = px - t * dx, py - t * dy
        if (distance := px * px + py * py) > best:
            best, index = distance, i
    return best, index


def _path(points: list[Point], *, closed: bool) -> str:
    """Return path data on a half-pixel grid, in relative steps: a third of the bytes of plain
    coordinates.
    """
    grid = [(round(2 * x), round(2 * y)) for x, y in points]
    steps = [(bx - ax, by - ay) for (ax, ay), (bx, by) in pairwise(grid) if (ax, ay) != (bx, by)]
    if len(steps) < (2 if closed else 1):
        return ""
    numbers = " ".join(f"{_halves(x)} {_halves(y)}" for x, y in steps).replace(" -", "-")
    return f"M{_halves(grid[0][0])} {_halves(grid[0][1])}l{numbers}{'z' if closed else ''}"


@lru_cache(maxsize=4096)
def _halves(value: int) -> str:
    return f"{value / 2:g}".replace("0.5", ".5") if abs(value) == 1 else f"{value / 2:g}"


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


def _draw_context(labels: _Labels, view: _View) -> str:
    """Return a few big cities for orientation, where they disturb nothing."""
    south, north = _latitude(view.north - view.height / view.scale), _latitude(view.north)
    east = view.west + min(359.9, view.width / view.scale)
    drawn: list[str] = []
    for city in nearby_cities(south, view.west, north, east, limit=9, spacing=62 / view.scale):
        x, y = view.project(view.west + (city.lon - view.west) % 360, _mercator(city.lat))
        text_width = 0.9 * _text_width(city.name, 10.5)  # not bold
        beside = (
            ("start", (x - 3, y - 6, x + 6 + text_width, y + 7)),
            ("end", (x - 6 - text_width, y - 6, x + 3, y + 7)),
        )
        if spot := labels.place(beside, may_cross=False):
            anchor, box = spot
            text_box = (x + 5, box[1], x - 5, box[3])
            drawn.append(f'<circle class="journey-map-city-dot" cx="{x:.0f}" cy="{y:.0f}" r="1.7"/>')
            drawn.append(_draw_text("journey-map-city", city.name, anchor, text_box, 10.5))
    return "".join(drawn)
