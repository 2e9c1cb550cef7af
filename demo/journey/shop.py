"""What the shop has switched on before the stories begin."""

from dataclasses import replace

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.flows import commands as flows
from notifications.followups.models import Kind
from notifications.switches import set_switch, switches

SURVEYS_BY_FACTS = ("survey_return", "survey_support")


def open_shop(merchant: Merchant) -> None:
    """Follow-ups and surveys are sent from now on, and two flows run."""
    for key in (*Kind.values, *SURVEYS_BY_FACTS):
        with merchant_scope(merchant):
            how = switches([key])[key]
        set_switch(merchant, key, replace(how, is_on=True))
    for template, name in (("late_parcel", "Parcel that stands still"), ("review", "Review with a reminder")):
        flow = flows.create_from_template(merchant, template, name)
        flows.switch(merchant, flow.id, True)
