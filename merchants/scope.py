"""Whose data a piece of code may see.

Every query on a merchant's table needs an open scope, or it raises. Two openers, both easy to grep:
`merchant_scope` for one merchant's work and `platform_scope` for work across all of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, models, transaction
from django_scopes import ScopedManager, get_scope, scope, scopes_disabled

if TYPE_CHECKING:
    from merchants.models import Merchant

T = TypeVar("T", bound=models.Model)


class MissingMerchant(RuntimeError):
    """A scope was opened, or asked for, without a merchant."""


@contextmanager
def merchant_scope(merchant: "Merchant") -> Iterator[None]:
    """Let the block see this merchant's rows and no others.

    Raises MissingMerchant for None: the library below would then filter nothing.
    """
    _require(merchant)
    with scope(merchant=merchant):
        yield


@contextmanager
def merchant_transaction(merchant: "Merchant") -> Iterator[None]:
    """A transaction in this merchant's scope.

    Also tells PostgreSQL whose transaction this is (`app.merchant`, for this transaction only), so that
    row-level security can be switched on as a second lock without touching a caller.
    """
    with merchant_scope(merchant), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.merchant', %s, true)", [str(merchant.pk)])
        yield


@contextmanager
def platform_scope(reason: str) -> Iterator[None]:
    """Let the block see every merchant's rows. `reason` says why, for whoever greps for it."""
    assert reason
    with scopes_disabled():
        yield


def current_merchant() -> "Merchant":
    """The merchant whose scope is open. Raises MissingMerchant when none is."""
    merchant = get_scope().get("merchant")
    _require(merchant)
    return merchant


def _require(merchant: Any) -> None:
    from merchants.models import Merchant

    if not isinstance(merchant, Merchant):
        raise MissingMerchant("a merchant's scope needs a merchant")


class _StrictManager(models.Manager[T]):
    """Refuses a scope whose merchant is None (opened past `merchant_scope`)."""

    kept_to: dict[str, Any] = {}

    def get_queryset(self) -> models.QuerySet[T]:
        current = get_scope()
        if current.get("_enabled", True) and "merchant" in current:
            _require(current["merchant"])
        rows = super().get_queryset()
        return rows.filter(**self.kept_to) if self.kept_to else rows


def merchant_manager(**only: Any) -> Any:
    """The manager of every merchant-owned model: sees the open scope's merchant only.

    only: of a second manager, which rows it sees: `inbound=False`.
    """
    kind = type("_OnlyManager", (_StrictManager,), {"kept_to": only}) if only else _StrictManager
    return ScopedManager(_manager_class=kind, merchant="merchant")
