"""Do the intervals keep their word? Experiments with a known truth, looked at every day."""

import io
import json
import math
from random import Random

import pytest
from django.core.management import CommandError, call_command

from analytics.lift.effect import FEWEST_IN_GROUP, Verdict, effect_of
from analytics.lift.sequence import multiple, reach
from analytics.lift.simulate import Setting, simulate
from analytics.lift.sums import Sums


def test_planted_effects_are_covered_and_none_is_seen_where_there_is_none() -> None:
    found = simulate(80, seed=3, setting=Setting(days=120, shoppers_a_day=40, percent=10))
    for name, seen in found["planted"].items():
        assert seen["coverage"] >= 0.95, name
    for name, seen in found["without_effect"].items():
        assert seen["false_alarm_rate"] <= 0.05, name
    # What the fuss is about: an ordinary interval, looked at as often.
    ordinary = found["without_effect"]["repeat"]["false_alarm_rate_of_an_ordinary_interval"]
    assert ordinary > 0.15


def test_the_command_prints_the_same_for_scripts() -> None:
    out = io.StringIO()
    call_command("lift", "--simulate", "--json", "--experiments", "3", "--days", "10", stdout=out)
    found = json.loads(out.getvalue())
    assert found == simulate(3, 1, Setting(days=10))
    assert found["promised"] == 0.95
    for bad in (["--percent", "0"], ["--experiments", "0"]):
        with pytest.raises(CommandError):
            call_command("lift", "--simulate", *bad)


def test_the_interval_is_wider_than_an_ordinary_one_and_narrows_with_time() -> None:
    # Waudby-Smith et al., eq. (2.4) for 500 at alpha = 0.05, rho squared = 9.77/250.
    rho = 5.9915 + math.log(5.9915) + 1
    at = 500 * rho / 250 + 1
    assert multiple(500) == pytest.approx(
        math.sqrt(2 * at / (at - 1) * math.log(math.sqrt(at) / 0.05)), rel=1e-3
    )
    assert all(2.5 < multiple(size) < 4 for size in (50, 100, 250, 1000, 10_000))
    widths = [reach(1 / size, size) for size in (50, 100, 200, 400, 800)]
    assert widths == sorted(widths, reverse=True)
    assert reach(1.0, 0) == math.inf


def group(chance: Random, people: int, mean: float, likes: float = 0.0) -> Sums:
    pairs = []
    for _ in range(people):
        x = chance.gauss(50, 10)
        pairs.append((x, mean + likes * (x - 50) + chance.gauss(0, 1)))
    return Sums.of(pairs)


def test_prior_spend_makes_the_interval_narrower_and_moves_nothing() -> None:
    chance = Random(5)
    strata = {5: (group(chance, 4000, 12.0, likes=0.3), group(chance, 400, 10.0, likes=0.3))}
    effect = effect_of(strata)
    assert effect.kept == pytest.approx(0.1, abs=0.02)
    assert effect.effect == pytest.approx(2.0, abs=0.2)
    assert effect.verdict == Verdict.MORE
    assert effect.low is not None
    assert effect.high is not None
    assert effect.high - effect.low < 0.6


def test_groups_are_compared_within_the_share_that_they_met() -> None:
    """Before Christmas few were held out and people bought much; after it many were, and nobody bought. No effect."""
    chance = Random(6)
    december = (group(chance, 1900, 20.0), group(chance, 100, 20.0))
    january = (group(chance, 500, 5.0), group(chance, 500, 5.0))
    effect = effect_of({5: december, 50: january})
    assert effect.verdict == Verdict.UNCLEAR
    assert abs(effect.effect) < 0.3
    mixed = effect_of({0: (december[0] + january[0], december[1] + january[1])})
    assert mixed.effect > 5  # what a comparison across both would have said


def test_too_few_say_nothing() -> None:
    chance = Random(7)
    few = effect_of({5: (group(chance, 4000, 12.0), group(chance, FEWEST_IN_GROUP - 1, 1.0))})
    assert (few.verdict, few.low) == (Verdict.NOT_ENOUGH, None)
    nobody = effect_of({5: (group(chance, 40, 1.0), Sums())})
    assert (nobody.verdict, nobody.held_out) == (Verdict.NOT_ENOUGH, 0)
    never = Sums.of([(1.0, 0.0)] * 500)
    assert effect_of({5: (never, never)}).verdict == Verdict.NOT_ENOUGH
    assert effect_of({}).verdict == Verdict.NOT_ENOUGH
