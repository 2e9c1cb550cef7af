"""The chaos test, small enough to be a part of every test run."""

from tests.chaos.harness import Plan, run

# The worker first: what it held comes due while the others are killed, and not only after them.
KILLS = ("worker", "web_child", "redis", "postgres", "beat", "redis_flushall")


def test_a_few_kills_under_a_little_load_lose_and_double_nothing() -> None:
    outcome = run(Plan(orders=150, per_second=15, kills=KILLS, seed=1), print)
    print(outcome.as_json())
    assert outcome.problems == []
