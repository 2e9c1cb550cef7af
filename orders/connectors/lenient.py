"""Reading what a shop system sent: every value may be missing, null or of another type, and none is an error."""

import json
import math
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from orders.text import normal_email

_DEEPEST = 64
_LONGEST_INTEGER = 18  # digits; a longer number is kept as text (JSON columns and encoders hold 64 bits)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LARGEST_AMOUNT = Decimal("9999999999")
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")
_GID = re.compile(r"^gid://\w+/\w+/([\w-]+)")


class Unreadable(Exception):
    """What came cannot be understood at all. The text is for people."""


def payload_of(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`, with everything taken out that PostgreSQL cannot hold. Raises Unreadable."""
    try:
        value = json.loads(
            body.decode("utf-8", "replace"),
            parse_int=_integer,
            parse_float=_float,
            parse_constant=lambda _: None,
        )
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Unreadable("The body is not a JSON object.")
    return clean(value)


def text(value: Any, limit: int = 191) -> str:
    """The value as one line of text, cut to `limit`; "" for anything that is not text or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return ""
    return " ".join(str(value).split())[:limit].strip()


def identifier(value: Any) -> str:
    """A shop's id as text: 450789469, "450789469" and "gid://shopify/Order/450789469" are the same one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    found = text(value)
    gid = _GID.match(found)
    return gid[1] if gid else found


def number(value: Any) -> Decimal | None:
    """The number that the value is or spells, None when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) <= _LARGEST_AMOUNT else None


def amount(value: Any) -> Decimal | None:
    """An amount of money, zero or more, with at most four places; None when the value is none."""
    found = number(value)
    if found is None:
        return None
    return max(found, Decimal(0)).quantize(Decimal("0.0001")).normalize() + 0


def whole(value: Any) -> int | None:
    """A whole number, None when the value is none."""
    found = number(value)
    return None if found is None else int(found)


def moment(value: Any, *, latest: datetime | None = None) -> datetime | None:
    """A time in UTC, None when the value is none that lies between 1970 and `latest` (later ones are cut to it)."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if found.year < 1970:
        return None
    return min(found, latest) if latest else found


def email_of(value: Any) -> str:
    """The value as an e-mail address in lower case, "" for anything that is not exactly one."""
    return normal_email(text(value, 254))


def language(value: Any) -> str | None:
    """The value as a language tag (`de-DE`), None for anything else."""
    found = text(value, 35)
    return found if _LANGUAGE.match(found) else None


def link(value: Any) -> str:
    """An http or https address, "" for anything else."""
    found = text(value, 2000)
    return found if re.match(r"^https?://[^\s/]", found) and len(found) <= 1000 else ""


def is_a(payload: dict[str, Any] | Any, kind: str) -> bool:
    """Whether a Shopify payload is, or may be, one of this kind: it names itself (`gid://shopify/Order/1`), or not."""
    told = text(payload.get("admin_graphql_api_id"))
    return not told.startswith("gid://") or told.startswith(f"gid://shopify/{kind}/")


def part(value: Any) -> dict[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def parts(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; nothing when the value is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits.lstrip("-")) <= _LONGEST_INTEGER else digits


def _float(digits: str) -> float | str:
    found = float(digits)
    return found if math.isfinite(found) else digits


def clean(value: Any, depth: int = 0) -> Any:
    """The value without NUL and lone surrogates; what is nested too deeply becomes null."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        return [clean(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {clean(key, depth): clean(entry, depth + 1) for key, entry in value.items()}
    return value
