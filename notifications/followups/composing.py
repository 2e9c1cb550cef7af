"""From due follow-ups to messages: what is still wanted, and what their words speak of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from merchants.models import Merchant
from notifications import conditions, planner, planning
from notifications.condition_context import contexts
from notifications.followups.intervals import said_by_rules
from notifications.followups.kept import Line, kept
from notifications.followups.models import FollowUp, Kind, ProductRule, RuleKind
from notifications.followups.offers import complements, on_sale, product
from notifications.models import Message
from notifications.switches import Switch, switches
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Customer, Order
from orders.segments.models import CustomerStats, Purchase
from orders.segments.queries import members

# Those that speak of the order that began them.
_ABOUT_ORDERS: Final = (Kind.GUIDE, Kind.REVIEW, Kind.SURVEY_DELIVERY, Kind.SURVEY_SHOP)


@dataclass(frozen=True)
class Known:
    """What the due rows of one merchant need, in a fixed number of queries."""

    merchant: Merchant
    customers: Mapping[UUID, Customer]
    orders: Mapping[UUID, Order]
    rules: Mapping[str, ProductRule]
    sold: Mapping[str, dict[str, Any]]
    offers: Mapping[UUID, list[dict[str, Any]]]
    last_order: Mapping[UUID, Any]
    switches: Mapping[str, Switch]
    segments: Mapping[UUID, set[str]]
    kept: Mapping[UUID, list[Line]]
    guides: Mapping[str, list[ProductRule]]
    contexts: Mapping[UUID, conditions.Context]

    def is_given_back(self, row: FollowUp) -> bool:
        """Whether the shopper gives back, or gave back, all that this is about: by return or withdrawal."""
        if row.order_id is None or row.order_id not in self.kept or row.kind == Kind.WELCOME:
            return False
        skus = [line.sku for line in self.kept[row.order_id]]
        if row.kind == Kind.REPLENISHMENT:
            return row.subject not in skus
        if row.kind == Kind.GUIDE:
            return not any(str(rule.id) == row.subject for sku in skus for rule in self.guides.get(sku, ()))
        return not skus


def compose(merchant: Merchant, rows: Sequence[FollowUp]) -> list[Message]:
    """The messages of due rows, unsaved. A row that nothing speaks for any more gives none. 16 queries at most."""
    known = _load(merchant, rows)
    return [message for row in rows for message in _messages(row, known)]


def _load(merchant: Merchant, rows: Sequence[FollowUp]) -> Known:
    of = {kind: [row for row in rows if row.kind == kind] for kind in Kind}
    how = switches(Kind.values)
    customers: dict[UUID, Customer] = Customer.objects.in_bulk({row.customer_id for row in rows})
    order_ids = {row.order_id for row in rows if row.order_id}
    skus = {row.subject for row in of[Kind.REPLENISHMENT]}
    rules = (
        ProductRule.objects.in_bulk([UUID(row.subject) for row in of[Kind.GUIDE]]) if of[Kind.GUIDE] else {}
    )
    whose = {row.customer_id for row in of[Kind.WIN_BACK]}
    stats = CustomerStats.objects.filter(customer_id__in=whose) if whose else CustomerStats.objects.none()
    left = kept(order_ids)
    about_guides = {line.sku for row in of[Kind.GUIDE] if row.order_id for line in left[row.order_id]}
    orders = Order.objects.defer("raw", "search").in_bulk(order_ids) if order_ids else {}
    asked = {row.kind for row in rows if row.kind in _ABOUT_ORDERS}
    needs = conditions.needs([each for kind in asked for each in how[kind].conditions])
    wanted = {c.values[0] for s in how.values() for c in s.conditions if c.field == "segment" and c.values}
    return Known(
        merchant, customers,
        orders,
        {str(pk): rule for pk, rule in rules.items()},
        on_sale(merchant, skus) if skus else {},
        _complements(merchant, of[Kind.COMPLEMENT]),
        dict(stats.values_list("customer_id", "last_order_at")),
        how,
        members(customers, None) if wanted else {},
        left,
        said_by_rules(merchant, about_guides, RuleKind.GUIDE) if about_guides else {},
        contexts(merchant, orders.values(), needs) if asked else {},
    )  # fmt: skip


def _complements(merchant: Merchant, rows: Sequence[FollowUp]) -> dict[UUID, list[dict[str, Any]]]:
    if not rows:
        return {}
    bought: dict[UUID, set[str]] = {}
    whose = {row.customer_id for row in rows}
    for customer_id, sku in Purchase.objects.filter(customer_id__in=whose).values_list("customer_id", "sku"):
        bought.setdefault(customer_id, set()).add(sku)
    return complements(merchant, bought)


def _messages(row: FollowUp, known: Known) -> Iterator[Message]:
    switch, customer = known.switches[row.kind], known.customers.get(row.customer_id)
    order = known.orders.get(row.order_id) if row.order_id else None
    if customer is None or not switch.has_own_moment or (order is not None and order.status == "cancelled"):
        return
    if known.is_given_back(row) or not _meets(row, switch, known):
        return
    data = _data(row, known, planning.locale_of(known.merchant, customer))
    if data is None:
        return
    touchpoint, moment = TOUCHPOINTS[row.kind], f"{row.subject}:{row.begun_at.date().isoformat()}"
    if order is not None and row.kind in _ABOUT_ORDERS:
        if row.kind != Kind.GUIDE:
            moment = row.subject  # whatever else arrives: asked once
        plan = {"remind_days": switch.remind_days} if switch.remind_days else {}
        for message in planner.plan_step(
            known.merchant,
            order,
            touchpoint,
            switch.channels,
            switch.reach,
            moment=moment,
            shipment_id=None,
            plan=plan,
            has_device=False,  # none of them goes by push
        ):
            message.data = data
            yield message
        return
    yield from planner.plan_for_customer(
        known.merchant, customer, touchpoint, switch, moment=moment, data=data
    )


def _meets(row: FollowUp, switch: Switch, known: Known) -> bool:
    """Whether the touchpoint's conditions hold; of a message about no order those about segments, which it can meet."""
    if row.kind in _ABOUT_ORDERS and row.order_id and row.order_id in known.contexts:
        return conditions.all_hold(switch.conditions, known.contexts[row.order_id])
    return _in_segments(switch, known.segments.get(row.customer_id, set()))


def _in_segments(switch: Switch, refs: set[str]) -> bool:
    wanted = [condition for condition in switch.conditions if condition.field == "segment"]
    return not wanted or conditions.all_hold(wanted, conditions.Context({"segment": frozenset(refs)}))


def _data(row: FollowUp, known: Known, locale: str) -> dict[str, Any] | None:
    """What its words speak of; None when there is nothing left to say."""
    if row.kind == Kind.GUIDE:
        rule = known.rules.get(row.subject)
        return {"guide": {"title": rule.title, "text": rule.text, "url": rule.url}} if rule else None
    if row.kind == Kind.REPLENISHMENT:
        raw = known.sold.get(row.subject)
        return {"products": [product(raw, locale)], "url": raw["url"]} if raw else None
    if row.kind == Kind.COMPLEMENT:
        offered = known.offers.get(row.customer_id)
        return {"products": [product(raw, locale) for raw in offered]} if offered else None
    if row.kind == Kind.WIN_BACK:
        return {} if known.last_order.get(row.customer_id) == row.begun_at else None
    return {}
