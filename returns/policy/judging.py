"""Rules and facts in, a verdict out. Pure: no clock, no database."""

from datetime import datetime
from typing import Any, Final

from returns.policy.choices import EXCHANGES, Code, Resolution
from returns.policy.conditions import fits
from returns.policy.line_facts import LineFacts
from returns.policy.model import BUILT_IN, Outcome, Policy
from returns.policy.verdict import Verdict
from returns.policy.window import days_since, end_of, start_of

_QUESTIONS: Final = tuple(field for field in Outcome.__struct_fields__)


def judge(policy: Policy, facts: LineFacts, at: datetime) -> Verdict:
    """What a policy says about a line at a moment (UTC)."""
    start = start_of(facts, policy.transit_days)
    days = days_since(start, at, facts) if start else None
    said, decided, fitting, asks = _answers(policy, facts, days)
    ends = end_of(start, said["window"], facts) if start else None
    resolutions = tuple(said["resolutions"])
    if said["exchange_only"]:
        resolutions = tuple(r for r in resolutions if r in EXCHANGES)
    code, question = _code(facts, said, resolutions, at, ends, is_sent=start is not None)
    may = code in (Code.RETURNABLE, Code.EXCHANGE_ONLY)
    return Verdict(
        code=code,
        window_ends=ends,
        window_days=None if said["window"] == "unlimited" else said["window"],
        days=days,
        is_delivery_known=start.is_known if start else False,
        transit_days=policy.transit_days,
        zone=facts.zone,
        resolutions=resolutions if may else (),
        fees=said["fees"],
        bonus_percent=said["bonus_percent"],
        methods=tuple(said["methods"]) if may else (),
        # A rule that asks for a person outweighs one that asks for none.
        auto_approve=said["auto_approve"] and not said["review"],
        keep_item=said["keep_item"] and may,
        needs_review=said["review"],
        refund_trigger=said["refund_trigger"],
        destination=said["destination"],
        rule=decided.get(question, ""),
        decided=decided,
        fitting=fitting,
        asks=asks,
    )


def _answers(
    policy: Policy, facts: LineFacts, days: int | None
) -> tuple[dict[str, Any], dict[str, str], tuple[str, ...], frozenset[str]]:
    """The answer to every question, the names of the rules that gave them, all that fit, what is to be asked."""
    said: dict[str, Any] = {}
    decided: dict[str, str] = {}
    fitting: list[str] = []
    asks: set[str] = set()
    for rule in policy.rules:
        if not rule.is_on:
            continue
        does_fit, unknown = fits(rule, facts, days)
        if does_fit:
            fitting.append(rule.key)
            for question in _QUESTIONS:
                if question not in said and (answer := getattr(rule.outcome, question)) is not None:
                    said[question], decided[question] = answer, rule.name
        else:
            asks.update(str(field.value) for field in unknown)
    for outcome in (policy.standard, BUILT_IN):
        for question in _QUESTIONS:
            if question not in said and (answer := getattr(outcome, question)) is not None:
                said[question] = answer
    return said, decided, tuple(fitting), frozenset(asks - {"days_since_delivery"})


def _code(
    facts: LineFacts,
    said: dict[str, Any],
    resolutions: tuple[Resolution, ...],
    at: datetime,
    ends: datetime | None,
    *,
    is_sent: bool,
) -> tuple[Code, str]:
    """Whether it may come back, and which question that hangs on."""
    if facts.is_cancelled:
        return Code.CANCELLED, ""
    if said["final_sale"]:
        return Code.FINAL_SALE, "final_sale"
    if not is_sent:
        return Code.NOT_SENT, ""
    if ends is not None and at > ends:
        return Code.WINDOW_OVER, "window"
    if not resolutions:
        return Code.NO_WAY, "exchange_only" if said["exchange_only"] else "resolutions"
    if not said["methods"] and not said["keep_item"]:
        return Code.NO_WAY, "methods"
    return (Code.EXCHANGE_ONLY, "exchange_only") if said["exchange_only"] else (Code.RETURNABLE, "window")
