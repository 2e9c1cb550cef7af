"""Whose data a query sees: one merchant's, or it is an error."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from events.models import Fact
from merchants.models import Merchant, MerchantModel
from merchants.scope import (
    MissingMerchant,
    current_merchant,
    merchant_scope,
    merchant_transaction,
)
from orders.models import Order
from tests import factories

_REPO = Path(__file__).resolve().parents[2]
OWNED = [model for model in apps.get_models() if issubclass(model, MerchantModel)]


@pytest.mark.parametrize("model", [*OWNED, Fact], ids=lambda model: model.__name__)
def test_a_query_without_a_scope_is_an_error(db: None, model: type[MerchantModel]) -> None:
    with pytest.raises(ScopeError):
        model.objects.count()
    with pytest.raises(ScopeError):
        model._base_manager.count()


@pytest.mark.parametrize("model", [*OWNED, Fact], ids=lambda model: model.__name__)
def test_a_scope_opened_with_none_shows_nothing_but_an_error(db: None, model: type[MerchantModel]) -> None:
    """The library's own opener filters nothing then: the hole is closed in the manager."""
    with scope(merchant=None), pytest.raises(MissingMerchant):
        model.objects.count()


def test_our_opener_refuses_none(db: None) -> None:
    with pytest.raises(MissingMerchant), merchant_scope(None):  # type: ignore[arg-type]
        pass
    with pytest.raises(MissingMerchant), merchant_transaction(None):  # type: ignore[arg-type]
        pass


def test_there_is_no_current_merchant_without_a_scope(db: None) -> None:
    with pytest.raises(MissingMerchant):
        current_merchant()


def test_a_strangers_scope_shows_none_of_our_rows(merchant: Merchant, stranger: Merchant) -> None:
    order = factories.order(merchant)
    with merchant_scope(stranger):
        assert not Order.objects.exists()
        assert not Order.objects.filter(pk=order.pk).exists()
        assert Order.objects.filter(pk=order.pk).update(email="changed@example.test") == 0
        with pytest.raises(Order.DoesNotExist):
            Order.objects.get(pk=order.pk)
    with merchant_scope(merchant):
        assert Order.objects.get(pk=order.pk).email == order.email
        assert current_merchant() == merchant


def test_an_inner_scope_replaces_the_outer_one_until_it_ends(merchant: Merchant, stranger: Merchant) -> None:
    with merchant_scope(merchant):
        with merchant_scope(stranger):
            assert current_merchant() == stranger
        assert current_merchant() == merchant


def test_a_merchants_transaction_tells_postgresql_whose_it_is(merchant: Merchant, db: None) -> None:
    def setting() -> str | None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.merchant', true)")
            return cursor.fetchone()[0]

    with merchant_transaction(merchant):
        assert setting() == str(merchant.pk)


def test_the_platforms_scope_says_what_for_and_is_easy_to_grep() -> None:
    found = 0
    for path in sorted(_REPO.glob("*/**/*.py")):
        if path.relative_to(_REPO).parts[0] in (".venv", "tests"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "platform_scope":
                found += 1
                assert node.args, f"{path}:{node.lineno} gives no reason"
            name = getattr(node, "id", getattr(node, "attr", ""))
            if name == "scopes_disabled":
                assert path.name == "scope.py", f"{path} goes past platform_scope"
    assert found > 3
