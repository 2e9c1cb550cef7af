"""What may be handed to a template: plain data only, checked on every rendering.

A model would open its attributes, a lazy query would run, and a `SafeString` would pass unescaped:
all are refused by their exact type.
"""

import re
from collections.abc import Mapping
from typing import Any

SCALARS = frozenset({str, int, float, bool, type(None)})
MAX_DEPTH = 8
COLOR = re.compile(r"#[0-9a-fA-F]{3,8}\Z")
RADIUS = re.compile(r"\d{1,3}px\Z")


def prepare(context: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `context` for Liquid, with empty text as nil.

    In Liquid "" is true, and `{% if shop.logo %}` would hold for a shop without one.

    Raises `TypeError` or `ValueError` naming the place, unless it is plain data with a brand of
    plain CSS values.
    """
    plain = {name: _plain(value, name, MAX_DEPTH) for name, value in context.items()}
    for name, value in (plain.get("brand") or {}).items():
        pattern = RADIUS if name == "radius" else COLOR
        if value is not None and not pattern.match(str(value)):
            raise ValueError(
                f"brand.{name} is {value!r}: expected a colour like #0b6b53, or a radius like 8px"
            )
    return plain


def _plain(value: Any, place: str, depth: int) -> Any:
    kind = type(value)
    if kind in SCALARS:
        return None if value == "" else value
    if depth == 0:
        raise ValueError(f"{place} is nested too deeply")
    if kind is dict:
        if not all(type(key) is str for key in value):
            raise TypeError(f"{place} has a key that is not text")
        return {key: _plain(item, f"{place}.{key}", depth - 1) for key, item in value.items()}
    if kind is list:
        return [_plain(item, place, depth - 1) for item in value]
    raise TypeError(f"{place} is a {kind.__name__}: templates get plain data only")
