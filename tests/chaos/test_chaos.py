"""RELIABILITY R5 at full size: `make chaos`; CHAOS_ORDERS, CHAOS_KILLS, CHAOS_SEEDS and CHAOS_RATE change it."""

import os

import pytest

from tests.chaos.harness import Plan, run
from tests.chaos.killer import shuffled

ORDERS = int(os.environ.get("CHAOS_ORDERS", "5000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "25"))
SEEDS = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "1,2,3").split(",")]
PER_SECOND = float(os.environ.get("CHAOS_RATE", "40"))


@pytest.mark.chaos
@pytest.mark.parametrize("seed", SEEDS)
def test_random_kills_under_load_lose_and_double_nothing(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(ORDERS, PER_SECOND, shuffled(KILLS, seed), seed)
    with capsys.disabled():
        outcome = run(plan, lambda line: print(line, flush=True))
        print(outcome.as_json(), flush=True)
    assert outcome.problems == []
