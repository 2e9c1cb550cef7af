"""From the bytes of an answer to something that can be looked into, or a typed error.

Carriers change their spelling: a list of one becomes the one, a number becomes text, a field is missing, null or "".
The helpers here take all of it, so that an adapter says only where things are.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import wraps
from html import unescape
from typing import Any, Final, TypeVar
from xml.etree import ElementTree

import msgspec

from tracking.carriers.base import (
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    NotFound,
    RateLimited,
)

Json = Mapping[str, Any]
Reader = Callable[..., list[Answer]]
Told = TypeVar("Told")
Made = TypeVar("Made")

# The largest honest answer seen, thirty parcels with a hundred scans each, has two megabytes.
MAX_BODY: Final = 5_000_000


def json_body(body: bytes) -> Any:
    """The decoded JSON. Raises CannotRead for HTML, cut-off JSON, and more than MAX_BODY."""
    _check_size(body)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        what = "a web page" if is_html(body) else f"not JSON: {error}"
        raise CannotRead(f"the answer is {what}", body=body) from error


def told_in(
    body: bytes, status: int, retry_after: float | None, decode: Callable[[bytes], Any] = json_body
) -> Any:
    """The decoded body; when it cannot be read, with a failing status the error of that status, else CannotRead."""
    try:
        return decode(body)
    except CannotRead:
        if status == 200:
            raise
        raise refused(status, retry_after=retry_after, body=body) from None


def xml_body(body: bytes) -> ElementTree.Element:
    """The root element, names without their namespaces. Raises CannotRead; entities of its own are refused."""
    _check_size(body)
    if is_html(body) or re.search(rb"<!(DOCTYPE|ENTITY)", body[:100_000], re.IGNORECASE):
        raise CannotRead("the answer is a web page", body=body)
    try:
        root = ElementTree.fromstring(body.lstrip(b"\xef\xbb\xbf \t\r\n"))  # noqa: S314  # no entities get here
    except ElementTree.ParseError as error:
        raise CannotRead(f"the answer is not XML: {error}", body=body) from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _check_size(body: bytes) -> None:
    if len(body) > MAX_BODY:
        raise CannotRead(f"the answer has {len(body)} bytes", body=body[:1000])


def is_html(body: bytes) -> bool:
    return body[:2000].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def never_raises(read: Reader) -> Reader:
    """The reader of an adapter, with everything that it raises as its only entry."""

    @wraps(read)
    def guarded(
        number: str | None, body: bytes, status: int = 200, retry_after: float | None = None
    ) -> list[Answer]:
        try:
            found = read(number, body, status, retry_after)
            return found or [NotFound("the answer is empty", number=number or "", body=body)]
        except CarrierError as error:
            error.number, error.body = error.number or number or "", error.body or body
            return [error]
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, ArithmeticError) as error:
            return [CannotRead(f"not the documented form: {error!r}", number=number or "", body=body)]

    return guarded


def refused(
    status: int, detail: str = "", *, retry_after: float | None = None, body: bytes = b""
) -> CarrierError:
    """The error of an HTTP status, for carriers whose own codes say no more."""
    detail = f"{status} {detail}".strip()[:300]
    if status in (401, 403):
        return AuthenticationFailed(detail, body=body)
    if status in (404, 410):
        return NotFound(detail, body=body)
    if status == 429:
        return RateLimited(detail, retry_after=retry_after, body=body)
    if status == 408 or status >= 500:
        return CarrierDown(detail, body=body)
    return CannotRead(detail, body=body)


def retry_after_of(header: str, now: datetime | None = None) -> float | None:
    """Seconds to wait by a Retry-After header (seconds or an HTTP date), None without one that can be read."""
    header = header.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", header):
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())


# --- Looking into JSON


def dig(value: Any, *path: str) -> Any:
    """What stands at a path of keys, None when any of it is missing; a list is entered at its first element."""
    for key in path:
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def first(*values: Any) -> Any:
    """The first that is told: not None, "", an empty list or object."""
    return next((value for value in values if value not in (None, "", [], {})), None)


def each(value: Any) -> Iterator[Json]:
    """The objects of a list, or the one that stands where a list should; nothing for anything else."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            yield item


def text(value: Any, limit: int = 120) -> str:
    """Plain words on one line, whatever stands there: carriers put links, tags and entities into sentences."""
    if value is None or isinstance(value, bool | Mapping | list):
        return ""
    bare = re.sub(
        r"<[^<>]*>", "", str(value).replace("\x00", "")
    )  # each "<" ends the search from the one before it
    return " ".join((unescape(bare) if "&" in bare else bare).split())[:limit]


def plain_keys(value: Any) -> Any:
    """The same with every key in small letters, without dashes and underscores: carriers change those."""
    if isinstance(value, Mapping):
        return {
            key.lower().replace("-", "").replace("_", ""): plain_keys(inner) for key, inner in value.items()
        }
    return [plain_keys(inner) for inner in value] if isinstance(value, list) else value


def as_mapping(element: ElementTree.Element) -> Any:
    """An XML element as JSON would tell it: its text, or its children by name, a list where a name repeats."""
    if len(element) == 0:
        return (element.text or "").strip()
    found: dict[str, Any] = {}
    for child in element:
        value = as_mapping(child)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found


def digits(value: Any) -> str:
    """A code that is a number, without its leading noughts: "0100" and 100 are the same. Others stay as text."""
    code = text(value, 60)
    return (code.lstrip("0") or "0") if code.isdigit() else code


def readable(told: Iterable[Told], make: Callable[[Told], Made]) -> list[Made]:
    """What can be made of each: one that cannot be read (a scan without a date) does not lose the others.

    Raises ValueError when there are some and none can be read.
    """
    made, fault = [], None
    for one in told:
        try:
            made.append(make(one))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            fault = error
    if fault is not None and not made:
        raise ValueError(str(fault)) from fault
    return made


_GRAMS: Final = {"kg": 1000.0, "kgs": 1000.0, "kilogram": 1000.0, "kilograms": 1000.0, "g": 1.0, "gr": 1.0,
                 "gram": 1.0, "grams": 1.0, "lb": 453.59237, "lbs": 453.59237, "pound": 453.59237,
                 "pounds": 453.59237, "oz": 28.349523, "ozs": 28.349523, "ounce": 28.349523,
                 "ounces": 28.349523}  # fmt: skip


def grams(value: Any, unit: Any) -> int | None:
    """A weight in grams, None when it or its unit cannot be read, or it is nothing or more than 100 tons."""
    try:
        weight = round(float(str(value).replace(",", ".")) * _GRAMS[str(unit).strip().lower()])
    except (ValueError, KeyError, OverflowError):
        return None
    return weight if 0 < weight <= 100_000_000 else None
