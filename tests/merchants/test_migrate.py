"""Migrations draw anew what a change concerns, and nothing else (docs/decisions/0021)."""

from django.core.management import get_commands
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from merchants.management.commands.migrate import concerned


def state() -> ProjectState:
    return MigrationLoader(connection).project_state()


def test_ours_is_the_command_that_runs() -> None:
    assert get_commands()["migrate"] == "merchants"


def test_a_change_concerns_the_model_and_all_that_point_to_it(db: None) -> None:
    found = concerned(state(), "orders", "order")
    assert {
        ("orders", "order"),
        ("orders", "orderline"),
        ("returns", "return"),
        ("returns", "returnline"),
    } <= found
    assert ("merchants", "merchant") not in found  # what it points to
    assert ("orders", "product") not in found  # what points to the same


def test_a_change_of_a_merchant_concerns_everything_that_belongs_to_one(db: None) -> None:
    every = state()
    own = {key for key, model in every.models.items() if "merchant" in model.fields}
    assert own <= concerned(every, "merchants", "merchant")


def test_djangos_own_search_is_there_to_be_replaced_and_finds_all_of_ours(db: None) -> None:
    every = state()
    every.apps  # noqa: B018  # draws the models
    assert concerned(every, "returns", "return") <= every._find_reload_model("returns", "return")
