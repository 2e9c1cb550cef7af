"""Where a city is: names as carriers write them in, coordinates out.

The data is a trimmed GeoNames extract (cities above 15,000 inhabitants, see `map_data/README.md`),
written by `tools/build_map_data.py`. It is read on the first look-up and stays in memory, about 25
MB; a look-up is a handful of dictionary reads.

A wrong pin is worse than no pin: when the carrier names a country, a city of another country is
never returned, and guesses that drop words need a sizeable city to be believed.
"""

import json
import math
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

_DATA_FILE = Path(__file__).parent / "map_data" / "cities.bin"

# Words carriers add to a city to name a building. They are dropped before looking again.
_FACILITY_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        airport area center centre city delivery depot dhl distribution dpd facility fedex
        flughafen gateway gls hermes hub international logistics mail mechanized office
        paketzentrum parcel post processing region regional sort sorting station terminal ups
        usps verteilzentrum zentrum zustellbasis zsp
        """,
    )
)
# "Köln Eifeltor" may become "Köln", but "Lage Hausheide" must not become some small Lage elsewhere.
_GUESS_MIN_POPULATION = 50_000
_GUESS_MIN_LETTERS = 4

# Letters that do not decompose into a base letter and an accent.
_SPECIAL_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_NOT_A_LETTER = re.compile(r"[\W_]+")
_APOSTROPHE = re.compile(r"['’‘ʼ`´]")
_PART_BREAK = re.compile(r"\s*[,;/()|\[\]]\s*|\s+[-–—]\s+")

# First ZIP digits → state, enough to tell the many Springfields apart. One entry covers
# first..last.
_ZIP_STATES = (
    "010-027 MA,028-029 RI,030-038 NH,039-049 ME,050-059 VT,060-069 CT,070-089 NJ,100-149 NY,"
    "150-196 PA,197-199 DE,200-205 DC,206-219 MD,220-246 VA,247-268 WV,270-289 NC,290-299 SC,"
    "300-319 GA,320-349 FL,350-369 AL,370-385 TN,386-397 MS,398-399 GA,400-427 KY,430-459 OH,"
    "460-479 IN,480-499 MI,500-528 IA,530-549 WI,550-567 MN,570-577 SD,580-588 ND,590-599 MT,"
    "600-629 IL,630-658 MO,660-679 KS,680-693 NE,700-714 LA,716-729 AR,730-749 OK,750-799 TX,"
    "800-816 CO,820-831 WY,832-838 ID,840-847 UT,850-865 AZ,870-884 NM,885-885 TX,889-898 NV,"
    "900-961 CA,967-968 HI,970-979 OR,980-994 WA,995-999 AK"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A city: its name as shown on the map, ISO 3166 two-letter country, centre and inhabitants."""

    name: str
    country: str
    lat: float
    lon: float
    population: int


@dataclass(frozen=True, slots=True)
class _Cities:
    """The loaded file. Cities are ordered by population: a smaller row is a bigger city."""

    places: Sequence[Place]
    states: Sequence[str]  # the US state of each row, else ""
    rows_by_key: dict[str, tuple[int, ...]]
    country_codes: dict[str, str]  # "germany", "deu", "de" → "DE"
    places_by_degree: dict[int, list[Place]]  # whole degrees of latitude, rounded down


def normalise(name: str) -> str:
    """Return the look-up form of a name: lower case, no accents, single spaces ("Köln-Süd" → "koln
    sud").
    """
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHE.sub("", name).casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _NOT_A_LETTER.sub(" ", bare.translate(_SPECIAL_LETTERS)).strip()


def locate(city: str, country: str, postcode: str = "") -> Place | None:
    """Return the place a carrier means by `city`, or None when that is not clear enough to draw.

    `country` is a code or name ("DE", "DEU", "Germany") and may be empty; then the text itself may
    end in one. `postcode` only matters in the United States, where its ZIP digits choose between
    cities of one name.
    """
    return _locate_cached(city.strip()[:120], country.strip()[:60], postcode.strip()[:12])


@lru_cache(maxsize=4096)
def _locate_cached(city: str, country: str, postcode: str) -> Place | None:
    cities = _load()
    parts = [part for part in _PART_BREAK.split(city) if normalise(part)]
    wanted_country = cities.country_codes.get(normalise(country), "")
    if country and not wanted_country:
        return None
    hint = cities.country_codes.get(normalise(parts[-1]), "") if len(parts) > 1 else ""
    state = _us_state(city, postcode) if wanted_country in ("", "US") else ""
    # A country at the end of the text is only a hint: in "Atlanta, Georgia" it is a state.
    for code in (wanted_country,) if wanted_country else (hint, ""):
        row = next(_matching_rows(cities, city, parts, code, state), None)
        if row is not None:
            return cities.places[row]
    return None


def country_at(lat: float, lon: float) -> str:
    """Return the country code of the city nearest to a point, or "" when there is none within 1 to
    2 degrees.
    """
    by_degree = _load().places_by_degree
    degree = math.floor(lat)
    near = chain.from_iterable(by_degree.get(degree + step, ()) for step in (-1, 0, 1))
    stretch = math.cos(math.radians(lat))

    def distance(place: Place) -> float:
        return math.hypot(place.lat - lat, ((place.lon - lon + 180) % 360 - 180) * stretch)

    nearest = min(near, key=distance, default=None)
    return nearest.country if nearest and distance(nearest) < 2 else ""


def nearby_cities(
    south: float, west: float, north: float, east: float, *, limit: int = 12, spacing: float = 1.0
) -> list[Place]:
    """Return the biggest cities inside a box, none closer than `spacing` degrees of longitude to a
    bigger one.

    `west` to `east` may run past 180° (a map across the Pacific); the places keep their usual
    longitude.
    """
    chosen: list[Place] = []
    for place in _load().places:
        if not south <= place.lat <= north or (place.lon - west) % 360 > east - west:
            continue
        if all(_apart(place, other) >= spacing for other in chosen):
            chosen.append(place)
            if len(chosen) >= limit:
                break
    return chosen


def _apart(one: Place, other: Place) -> float:
    """Return how far apart two places look on the map, in degrees of longitude."""
    across = abs((one.lon - other.lon + 180) % 360 - 180)
    # On a Mercator map a degree of latitude is drawn longer the farther from the equator it is.
    up = abs(one.lat - other.lat) / max(0.1, math.cos(math.radians(one.lat)))
    return math.hypot(across, up)


def _matching_rows(
    cities: _Cities, city: str, parts: Sequence[str], country: str, state: str
) -> Iterator[int]:
    """Yield rows for the text, from its most literal reading to its boldest."""
    for key, is_guess in _readings(city, parts):
        rows = [
            row
            for row in cities.rows_by_key.get(key, ())
            if country in ("", cities.places[row].country)
            and not (is_guess and cities.places[row].population < _GUESS_MIN_POPULATION)
        ]
        in_state = [row for row in rows if state and cities.states[row] == state]
        yield from in_state or rows


def _readings(city: str, parts: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield (look-up key, is it a guess): whole text, its parts, without facility words, then
    shortened.
    """
    yield normalise(city), False
    words_of_parts = []
    for part in parts:
        words = [word for word in normalise(part).split() if not any(map(str.isdigit, word))]
        yield " ".join(words), False
        words_of_parts.append(words)
    for words in words_of_parts:
        yield " ".join(word for word in words if word not in _FACILITY_WORDS), False
    for words in words_of_parts:
        plain = [word for word in words if word not in _FACILITY_WORDS]
        for length in range(len(plain) - 1, 0, -1):
            if len(shortened := " ".join(plain[:length])) >= _GUESS_MIN_LETTERS:
                yield shortened, True


def _us_state(city: str, postcode: str) -> str:
    """Return the US state named by a ZIP code or by a trailing "…, IL" or "… IL 62701", else ""."""
    if re.fullmatch(r"\d{5}(-\d{4})?", postcode):
        for entry in _ZIP_STATES.split(","):
            if entry[:3] <= postcode[:3] <= entry[4:7]:
                return entry[8:]
    trailing = re.search(r"[,\s]([A-Z]{2})(\s+\d{5}(-\d{4})?)?$", city)
    return trailing[1] if trailing else ""


@lru_cache(maxsize=1)
def _load() -> _Cities:
    """Read the packed file: JSON of parallel columns, because one json.loads is faster than 34,000
    small parses.
    """
    data = json.loads(zlib.decompress(_DATA_FILE.read_bytes()))
    places = [
        Place(name, data["country_list"][country], lat / 100, lon / 100, thousands * 1000)
        for name, country, lat, lon, thousands in zip(
            data["names"],
            data["countries"],
            data["lats"],
            data["lons"],
            data["thousands"],
            strict=True,
        )
    ]
    rows_by_key: dict[str, tuple[int, ...]] = {}
    for row, (place, aliases) in enumerate(zip(places, data["aliases"], strict=True)):
        for key in _keys(place.name, aliases):
            rows_by_key[key] = (*rows_by_key.get(key, ()), row)
    places_by_degree: dict[int, list[Place]] = {}
    for place in places:
        places_by_degree.setdefault(math.floor(place.lat), []).append(place)
    return _Cities(places, data["states"], rows_by_key, data["country_codes"], places_by_degree)


def _keys(name: str, aliases: str) -> Iterable[str]:
    return {normalise(name), *filter(None, aliases.split("|"))}
