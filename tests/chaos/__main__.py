"""`make chaos`: the exactly-once figure. JSON on standard output, what happens meanwhile on standard error."""

import json
import os
import sys
from collections import Counter
from typing import Any

from tests.chaos.harness import Plan, run
from tests.chaos.killer import shuffled
from tests.chaos.outcome import Outcome

_COUNTED = (
    "orders", "messages_expected", "lost", "held_in_doubt", "repeated", "repeated_with_another_message_id",
    "marketing_repeated",
)  # fmt: skip


def main() -> int:
    """Run each seed. Returns the exit code: 1 when something was not as it should be."""
    orders, kills = int(os.environ.get("CHAOS_ORDERS", "5000")), int(os.environ.get("CHAOS_KILLS", "25"))
    per_second = float(os.environ.get("CHAOS_RATE", "40"))
    seeds = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "1,2,3").split(",")]
    outcomes = [
        run(
            Plan(orders, per_second, shuffled(kills, seed), seed),
            lambda line: print(line, file=sys.stderr, flush=True),
        )
        for seed in seeds
    ]
    print(json.dumps(together(outcomes), indent=2))
    return 1 if any(outcome.problems for outcome in outcomes) else 0


def together(outcomes: list[Outcome]) -> dict[str, Any]:
    """All runs as one, with each of them whole below."""
    figures = [outcome.figures() for outcome in outcomes]
    kills: Counter[str] = Counter()
    for found in figures:
        kills.update(found["kills"])
    return {
        **{name: sum(found[name] for found in figures) for name in _COUNTED},
        "kills_by_process": dict(sorted(kills.items())),
        "problems": [problem for outcome in outcomes for problem in outcome.problems],
        "runs": [json.loads(outcome.as_json()) for outcome in outcomes],
    }


if __name__ == "__main__":
    sys.exit(main())
