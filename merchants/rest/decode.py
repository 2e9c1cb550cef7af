"""Bodies in and out: typed decoding with errors that name the field."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from django.conf import settings
from django.http import HttpRequest, QueryDict

from merchants.rest.errors import InvalidBody, InvalidParameter, TooLarge

T = TypeVar("T")
Day = TypeVar("Day", date, datetime)

_AMOUNT = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,4})?")
_WHERE = re.compile(r"^(?P<what>.*) - at `\$?\.?(?P<where>.*?)`$", re.DOTALL)


def read_body(request: HttpRequest) -> bytes:
    """The raw body. Raises TooLarge before reading one over MAX_BODY_BYTES."""
    given = request.META.get("CONTENT_LENGTH") or ""
    if not given and request.META.get("wsgi.input_terminated"):
        return _read_chunked(request)
    if given and not (given.isascii() and given.isdigit()):
        raise InvalidBody("Content-Length is not a number.", param="Content-Length")
    if int(given[:20] or 0) > settings.MAX_BODY_BYTES:
        raise TooLarge(f"The body has {given} bytes; at most {settings.MAX_BODY_BYTES} are read.")
    return request.body


def _read_chunked(request: HttpRequest) -> bytes:
    """A body that came in chunks. Django reads nothing of it, for it counts on a Content-Length."""
    if not hasattr(request, "_body"):
        body = request.environ["wsgi.input"].read(settings.MAX_BODY_BYTES + 1)  # type: ignore[attr-defined]
        if len(body) > settings.MAX_BODY_BYTES:
            raise TooLarge(f"At most {settings.MAX_BODY_BYTES} bytes of a body are read.")
        request._body = body
    return request._body


def decode(body: bytes, kind: type[T]) -> T:
    """The body as `kind` (a msgspec Struct). Raises InvalidBody that names what is wrong and where."""
    try:
        value: T = _decoder(cast(Any, kind)).decode(body)
    except msgspec.ValidationError as error:
        match = _WHERE.match(str(error))
        what, where = (match["what"], match["where"]) if match else (str(error), "")
        field = re.search(r"field `([^`]+)`", what)
        if field:  # a missing or unknown field is named in the text, beside the object's place
            where = f"{where}.{field[1]}" if where else field[1]
        raise InvalidBody(what + ".", param=where, code="invalid_field") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidBody(f"The body is not valid JSON: {error}", code="invalid_json") from None
    except RecursionError:
        raise InvalidBody("The body is nested too deeply.", code="invalid_json") from None
    if b"\\u0000" in body:
        _refuse_nul(value, "")
    return value


def has_field(body: bytes, name: str) -> bool:
    """Whether the body is a JSON object with a field of this name."""
    if f'"{name}"'.encode() not in body:
        return False
    try:
        return name in _outline.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def encode(value: Any) -> bytes:
    """A Struct as the JSON that leaves: times in UTC with `Z`, decimals as strings."""
    return _encoder.encode(value)


_outline = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder = msgspec.json.Encoder(decimal_format="string")


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _refuse_nul(value: Any, where: str) -> None:
    """Refuse text with a NUL character: PostgreSQL cannot hold it."""
    if isinstance(value, str):
        if "\x00" in value:
            raise InvalidBody("Text must not contain the character NUL.", param=where, code="invalid_field")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            _refuse_nul(entry, f"{where}[{index}]")
    elif isinstance(value, dict):
        for key, entry in value.items():
            _refuse_nul(key, where)
            _refuse_nul(entry, f"{where}.{key}".lstrip("."))
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _refuse_nul(getattr(value, name), f"{where}.{name}".lstrip("."))


def aware(value: datetime, where: str) -> datetime:
    """The time in UTC. Raises InvalidBody when it came without an offset, or lies where no order does."""
    if value.tzinfo is None:
        raise InvalidBody("A time needs an offset: 2026-11-22T09:30:00Z.", param=where, code="invalid_field")
    return in_our_time(value, where).astimezone(UTC)


def in_our_time(value: Day, where: str) -> Day:
    """The day or time as it is. Raises InvalidBody outside of 1970 to 2199, where adding to it could fail."""
    if not 1970 <= value.year < 2200:
        raise InvalidBody("The year lies between 1970 and 2199.", param=where, code="invalid_field")
    return value


def refuse_nul(query: QueryDict) -> None:
    """Refuse parameters with a NUL character, as in bodies. Raises InvalidParameter."""
    for name, values in query.lists():
        if any("\x00" in text for text in (name, *values)):
            raise InvalidParameter(
                "Text must not contain the character NUL.", param=name.replace("\x00", "")[:100]
            )


def money(value: Decimal, where: str) -> Decimal:
    """An amount that can be stored. Raises InvalidBody for negative, endless or over-long ones."""
    if _AMOUNT.fullmatch(str(value)):  # nearly all
        return value
    if not value.is_finite() or value < 0:
        raise InvalidBody("An amount must be zero or more.", param=where, code="invalid_field")
    if value >= 10**10 or value.as_tuple().exponent < -4:  # type: ignore[operator]
        raise InvalidBody(
            "An amount has at most 10 digits before and 4 after the point.", param=where, code="invalid_field"
        )
    return value + 0  # no "-0.00"
