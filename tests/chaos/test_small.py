"""The chaos test, small enough to be a part of every test run."""

from pathlib import Path

from tests.chaos.harness import Plan, run


def test_a_few_kills_under_a_little_load_lose_and_double_nothing(tmp_path: Path) -> None:
    outcome = run(Plan(orders=150, kills=6, seed=1, per_second=15), tmp_path, print)
    assert outcome.problems == [], outcome.as_json()
