"""Types of facts: declared once, with a typed payload. Part of the public API: webhooks use the same names."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec

T = TypeVar("T", bound="FactData")


class FactData(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Base of every payload. Fields hold ids, texts, decimals and times; never another person's objects."""

    fact_type: ClassVar[str] = ""


_types: dict[str, type[FactData]] = {}


def fact(name: str) -> Callable[[type[T]], type[T]]:
    """Declare a payload class as the one of the fact `name` (`order.placed`)."""

    def declare(cls: type[T]) -> type[T]:
        if name in _types:
            raise ValueError(f"the fact {name} is declared twice")
        cls.fact_type = name
        _types[name] = cls
        return cls

    return declare


def known_types() -> list[str]:
    """Names of every declared fact, sorted."""
    return sorted(_types)


class RecordedFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as a subscriber reads it."""

    position: int
    type: str
    merchant_id: UUID
    order_id: UUID | None
    data: dict[str, Any]
    recorded_at: datetime

    def payload(self) -> FactData:
        """The typed payload. Raises msgspec.ValidationError when an old row no longer fits its type."""
        return msgspec.convert(self.data, _types[self.type], strict=False)
