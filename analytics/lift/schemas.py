"""What an effect looks like in the API, the CSV and the command."""

from datetime import datetime

import msgspec

from analytics.lift.queries import Measured, TouchpointLift


class LiftOutcomeOut(msgspec.Struct, kw_only=True):
    """What a message does to one outcome, for each shopper: a share (0 to 1), or money in the shop's currency.

    outcome: repeat, revenue, returns or questions. verdict: not_enough_data, unclear, more or less. sent, held_out:
    shoppers whose window has passed. without: what those held out did. effect: how much more those did who got it,
    corrected for prior spend. low, high: a 95 % interval that stays valid however often one looks; null too early.
    variance_kept: the part of the variance that prior spend did not explain. days_to_go: at the present rate, until
    something can be said, or else until an effect of a tenth would show; null: longer than three years.
    """

    outcome: str
    verdict: str
    sent: int
    held_out: int
    without: float
    effect: float
    low: float | None
    high: float | None
    relative: float | None
    variance_kept: float
    days_to_go: int | None


class LiftOut(msgspec.Struct, kw_only=True):
    """What a kind of message does. waiting: shoppers whose window has not passed yet; shoppers_a_day: lately."""

    touchpoint: str
    holdout_percent: int
    window_days: int
    since: datetime
    waiting: int
    shoppers_a_day: float
    currency: str
    outcomes: list[LiftOutcomeOut]


class LiftsOut(msgspec.Struct, kw_only=True):
    """All kinds of messages that somebody is held out of."""

    data: list[LiftOut]


def show_lift(lift: TouchpointLift, currency: str) -> LiftOut:
    """A touchpoint's effects as they go out."""
    return LiftOut(
        touchpoint=lift.touchpoint, holdout_percent=lift.percent, window_days=lift.window_days, since=lift.since,
        waiting=lift.waiting, shoppers_a_day=round(lift.a_day, 2), currency=currency,
        outcomes=[show_outcome(measured) for measured in lift.outcomes],
    )  # fmt: skip


def show_outcome(measured: Measured) -> LiftOutcomeOut:
    """One outcome as it goes out."""
    effect = measured.effect
    return LiftOutcomeOut(
        outcome=measured.outcome, verdict=effect.verdict.value, sent=effect.sent, held_out=effect.held_out,
        without=round(effect.base, 5), effect=round(effect.effect, 5), low=_rounded(effect.low),
        high=_rounded(effect.high), relative=_rounded(effect.relative), variance_kept=round(effect.kept, 3),
        days_to_go=measured.days_to_go,
    )  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
