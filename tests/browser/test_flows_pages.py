"""How a message goes out, a flow and a run of it in a real browser: usable, quiet, and small."""

from typing import Any

import pytest

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.conditions import Condition, Op
from notifications.flows import commands, engine
from notifications.flows.definition import Branch, Definition, Send, Split, Until, Wait
from notifications.flows.models import FlowRun
from tests import factories
from tests.browser.conftest import Browse
from tests.browser.test_dashboard_pages import Axe, judge, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STEPS = (
    Branch(id="german", conditions=(Condition("country", Op.IS, ("DE", "AT")),), otherwise="end"),
    Split(id="most", percent=99),
    Send(id="hello", touchpoint="order_delayed", channels=("sms", "email")),
    Until(id="arrival", facts=("shipment.delivered", "ordered_again"), days=10, timed_out="rest"),
    Wait(id="rest", days=3),
)


@pytest.mark.parametrize("page", ["how", "flows", "flow", "run"])
def test_flows_are_usable_quiet_and_small(
    page: str, merchant: Merchant, live_server: Any, browse: Browse, axe: Axe, drain_all: Any
) -> None:
    made = commands.create(merchant, "After the sale", Definition(trigger=("order.placed",), steps=STEPS))
    address = {
        "how": "messages/shipment_shipped/how/",
        "flows": "flows/",
        "flow": f"flows/{public_id('flow', made.id)}/",
    }
    if page == "run":
        commands.switch(merchant, made.id, True)
        factories.order(merchant)
        drain_all()
        while engine.step_due():
            pass
        with merchant_scope(merchant):
            address["run"] = f"{address['flow']}runs/{public_id('run', FlowRun.objects.get().id)}/"
    cookies = signed_in(merchant, live_server.url)
    visit = browse(f"{live_server.url}/app/nordwind/settings/{address[page]}", cookies=cookies)
    judge(visit, f"settings-flows-{page}", axe)
