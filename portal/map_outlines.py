"""The ground of the parcel's map: coasts, countries and borders of the part of the world that is shown.

Outlines are Natural Earth, packed by `tools/build_map_data.py` in three levels of detail, each loaded when first
needed. Places are Mercator degrees (longitude, stretched latitude) until `View.project` turns them into pixels.
"""

import json
import math
import sys
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom or west, south, east, north

_DATA = Path(__file__).parent / "map_data"
_NARROWEST_VIEW = 4.5  # degrees; closer up there is only an empty plain
_PADDING = 0.22  # of the route's extent, on each side
_FRAME = 10  # pixels drawn beyond the picture, so that cut edges stay out of sight
_TOLERANCE = 0.6  # pixels an outline may be off
_SMALLEST_ISLAND = 1.5  # square pixels


def mercator(lat: float) -> float:
    """A latitude stretched as Mercator does, in degrees."""
    lat = max(-84.0, min(84.0, lat))
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)))


def latitude(stretched: float) -> float:
    """The latitude of a stretched one."""
    return math.degrees(2 * math.atan(math.exp(math.radians(stretched))) - math.pi / 2)


# --- what is in the picture --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class View:
    """The part of the world shown: its west and north edge, and pixels per degree."""

    west: float
    north: float
    scale: float
    width: int
    height: int

    @classmethod
    def around(cls, places: Sequence[Point], width: int, height: int) -> "View":
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

    def __init__(self, outlines: _Outlines, view: View) -> None:
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


def draw_outlines(view: View, countries: set[str]) -> str:
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
