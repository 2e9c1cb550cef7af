"""RELIABILITY R5 at full size: `make chaos`; CHAOS_ORDERS, CHAOS_KILLS, CHAOS_SEEDS and CHAOS_RATE change it."""

import os
from pathlib import Path

import pytest

from tests.chaos.harness import Plan, run

ORDERS = int(os.environ.get("CHAOS_ORDERS", "5000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "25"))
SEEDS = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "1,2,3").split(",")]
PER_SECOND = float(os.environ.get("CHAOS_RATE", "40"))


@pytest.mark.chaos
@pytest.mark.parametrize("seed", SEEDS)
def test_random_kills_under_load_lose_and_double_nothing(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        outcome = run(Plan(ORDERS, KILLS, seed, PER_SECOND), tmp_path, lambda line: print(line, flush=True))
        print(outcome.as_json(), flush=True)
    assert outcome.problems == []
