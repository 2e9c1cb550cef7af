"""Prepared statements: cursors are kept with their connection, and rows become objects cheaply."""

import pytest
from django.db import DataError, connection, transaction

from merchants.models import Merchant
from merchants.prepared import loaded, prepared_cursor


def one(statement: str, *values: object, binary: bool = False) -> object:
    """The first column of the first row."""
    with prepared_cursor(binary=binary) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def test_a_cursor_is_used_again_and_two_at_once_are_two(db: None) -> None:
    with prepared_cursor() as outer:
        outer.execute("SELECT n FROM generate_series(1, 3) AS n")
        assert one("SELECT %s::text", "inner") == "inner"
        assert [n for (n,) in outer.fetchall()] == [1, 2, 3]
    with prepared_cursor() as again, prepared_cursor() as other:
        assert again.cursor is not other.cursor


def test_a_cursor_that_is_closed_twice_is_not_given_to_two(db: None) -> None:
    with prepared_cursor() as cursor:
        cursor.close()
    with prepared_cursor() as first, prepared_cursor() as second:
        assert first.cursor is not second.cursor


def test_text_and_binary_results_do_not_mix(db: None) -> None:
    for _ in range(3):
        assert one("SELECT 1.50::numeric::text", binary=True) == "1.50"
        assert one("SELECT 7::int") == 7


def test_after_an_error_the_cursor_works(db: None) -> None:
    with pytest.raises(DataError), transaction.atomic():
        one("SELECT 1 / %s::int", 0)
    assert one("SELECT 1 / %s::int", 1) == 1


def test_after_its_connection_ended_there_are_new_cursors(transactional_db: None) -> None:
    assert one("SELECT 1") == 1
    connection.close()
    assert one("SELECT 1") == 1


def test_a_loaded_row_is_an_object_whose_other_columns_come_on_demand(
    merchant: Merchant, django_assert_num_queries: object
) -> None:
    found = loaded(Merchant, ["id", "slug"], [merchant.id, "nordwind"])
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert (found.slug, found == merchant, found._state.adding) == ("nordwind", True, False)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert found.name == "Nordwind"


def test_a_row_that_does_not_fit_its_columns_is_refused() -> None:
    with pytest.raises(ValueError):
        loaded(Merchant, ["id", "slug"], ["only one"])
