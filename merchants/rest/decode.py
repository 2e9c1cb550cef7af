"""Bodies in and out: typed decoding with errors that name the field."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from django.conf import settings
from django.http import HttpRequest

from merchants.rest.errors import InvalidBody, TooLarge

T = TypeVar("T")

_WHERE = re.compile(r"^(?P<what>.*) - at `\$?\.?(?P<where>.*?)`$", re.DOTALL)


def read_body(request: HttpRequest) -> bytes:
    """The raw body. Raises TooLarge before reading one over MAX_BODY_BYTES."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise InvalidBody("Content-Length is not a number.", param="Content-Length") from None
    if length > settings.MAX_BODY_BYTES:
        raise TooLarge(f"The body has {length} bytes; at most {settings.MAX_BODY_BYTES} are read.")
    return request.body


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


def encode(value: Any) -> bytes:
    """A Struct as the JSON that leaves: times in UTC with `Z`, decimals as strings."""
    return _encoder.encode(value)


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
    """The time in UTC. Raises InvalidBody when it came without an offset."""
    if value.tzinfo is None:
        raise InvalidBody("A time needs an offset: 2026-11-22T09:30:00Z.", param=where, code="invalid_field")
    return value.astimezone(UTC)


def money(value: Decimal, where: str) -> Decimal:
    """An amount that can be stored. Raises InvalidBody for negative, endless or over-long ones."""
    if not value.is_finite() or value < 0:
        raise InvalidBody("An amount must be zero or more.", param=where, code="invalid_field")
    if value >= 10**10 or value.as_tuple().exponent < -4:  # type: ignore[operator]
        raise InvalidBody(
            "An amount has at most 10 digits before and 4 after the point.", param=where, code="invalid_field"
        )
    return value
