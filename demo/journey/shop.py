"""What the shop has switched on before the stories begin, and what it tries out after them."""

from dataclasses import replace
from typing import Final

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.dry_run import jobs as dry_runs
from notifications.flows import commands as flows
from notifications.followups.models import Kind
from notifications.switches import set_switch, switches

SURVEYS_BY_FACTS = ("survey_return", "survey_support")
# Touchpoint, days, what is asked to be different.
_DRY_RUNS: Final[tuple[tuple[str, int, dict[str, str]], ...]] = (
    ("shipment_exception", 90, {"delay": "1d"}),
    ("shipment_delivered", 30, {}),
)


def open_shop(merchant: Merchant) -> None:
    """Follow-ups and surveys are sent from now on, and two flows run."""
    for key in (*Kind.values, *SURVEYS_BY_FACTS):
        with merchant_scope(merchant):
            how = switches([key])[key]
        set_switch(merchant, key, replace(how, is_on=True))  # what is on already stays as it is
    for template, name in (("late_parcel", "Parcel that stands still"), ("review", "Review with a reminder")):
        flow = flows.create_from_template(merchant, template, name)
        flows.switch(merchant, flow.id, True)


def try_out(merchant: Merchant) -> None:
    """Two dry runs over what was: the first worker that is there runs them."""
    for touchpoint, days, asked in _DRY_RUNS:
        dry_runs.ask(merchant, touchpoint, days, asked)
