"""The moments that shoppers are told about: which facts, over which channels, how often, and when it is too late.

How to add one: docs/touchpoints.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cases.facts import CaseClosed, CaseFact
from events.facts import FactData
from merchants.models import Merchant
from notifications.choices import TOOLS, Channel, MessageClass, Reach
from notifications.conditions import Condition
from notifications.consent.choices import Topic
from notifications.reasons import Reason
from orders.facts import OrderAddressChanged, OrderUpdated
from returns.claims.facts import ClaimFact
from returns.deciding import TIME_TO_SEND
from returns.exchange_facts import ExchangeFact
from returns.facts import ReturnApproved, ReturnFact
from returns.money.facts import CreditFact, RefundFact
from returns.states import Approval, Logistics
from tracking.facts import ShipmentFact
from tracking.models import Shipment
from tracking.statuses import Status

EMAIL_AND_SMS = (Channel.EMAIL, Channel.SMS)
# In the order in which they are tried, where a merchant wants the first that reaches the shopper.
PUSH_EMAIL_AND_SMS = (Channel.PUSH, Channel.EMAIL, Channel.SMS)
# Before the last day to send a return.
REMIND_BEFORE = timedelta(days=5)
# A shop that changes an order rarely does it in one go: whatever happens within this time is told once.
CHANGES_SETTLE = timedelta(minutes=15)
_SENT_BACK = ("return.in_transit", "return.received", "return.cancelled")


def _once(fact: FactData, merchant: Merchant) -> str:
    """A moment that an order or a parcel has only once."""
    return ""


def _always(parcel: Shipment, told: ShipmentFact, merchant: Merchant) -> bool:
    return True


def _any(fact: FactData) -> bool:
    return True


@dataclass(frozen=True)
class Touchpoint:
    """One kind of message.

    key: also the name of its templates.
    facts: types of facts that trigger it; empty when a command sends it.
    moment: what makes a fact a new moment of the same order or parcel. A fact of a moment that was told
        before plans nothing, so a status that bounces is told once.
    holds: whether what the fact told is still so when the message goes out. If not, it is overtaken.
    needs_order: not sent any more once the order is cancelled.
    is_optional: whether a merchant may switch it off. What a shopper asked for is not.
    starts_on: whether it goes out before a merchant said anything. What is not about an order waits to be wanted.
    to_address: it goes to the address that it was planned for, whatever order or customer that belongs to.
    delay, at, conditions, reach, remind_days: as in `switches.Switch`, until a merchant says otherwise.
    wants: whether one of its facts is told at all, by what it says.
    topic: what shoppers choose it by (`consent.choices.Topic`), where its class asks for consent; "" for its class's.
    acted: types of facts about the order after which nobody is reminded.
    despite: what is wrong for a shopper (`arbiter`) and does not hold it back, for it is about just that.
    """

    key: str
    facts: tuple[str, ...]
    channels: tuple[Channel, ...] = EMAIL_AND_SMS
    message_class: MessageClass = MessageClass.TRANSACTIONAL
    moment: Callable[[FactData, Merchant], str] = _once
    holds: Callable[[Shipment, ShipmentFact, Merchant], bool] = _always
    needs_order: bool = True
    is_optional: bool = True
    starts_on: bool = True
    to_address: bool = False
    delay: timedelta = timedelta()
    at: time | None = None
    conditions: tuple[Condition, ...] = ()
    reach: Reach = Reach.ALL
    remind_days: int = 0
    acted: tuple[str, ...] = ()
    topic: str = ""
    despite: tuple[Reason, ...] = ()
    wants: Callable[[FactData], bool] = _any

    @property
    def possible(self) -> tuple[Channel, ...]:
        """The channels that a merchant can choose among: its own, and the shop's marketing tools.

        What a shopper asked for, and what goes to an address that was given for it, is always sent by us.
        """
        handed_over = self.is_optional and not self.to_address and self.key != "campaign"
        return (*self.channels, *TOOLS) if handed_over else self.channels


# --- moments -----------------------------------------------------------------------------------------


def problem_moment(fact: FactData, merchant: Merchant) -> str:
    """Each kind of problem once: by the sub-status where it decides what the shopper is told."""
    assert isinstance(fact, ShipmentFact)
    if fact.status in (Status.EXCEPTION, Status.ATTEMPT_FAILED):
        return f"{fact.status}:{fact.substatus}"
    return fact.status


def delay_moment(fact: FactData, merchant: Merchant) -> str:
    """Each new last day once, in the merchant's time zone."""
    assert isinstance(fact, ShipmentFact)
    return _last_day(fact.eta_to, merchant)


def change_moment(fact: FactData, merchant: Merchant) -> str:
    """Each change of an address once."""
    assert isinstance(fact, OrderAddressChanged)
    return str(fact.change_id)


def items_moment(fact: FactData, merchant: Merchant) -> str:
    """Changes of what is in an order, all those of the same quarter of an hour (`CHANGES_SETTLE`) once."""
    assert isinstance(fact, OrderUpdated)
    return str(int(fact.changed_at.timestamp() // CHANGES_SETTLE.total_seconds())) if fact.changed_at else ""


def changes_items(fact: FactData) -> bool:
    """Other items, or more or fewer of them: a new title or picture is no news."""
    assert isinstance(fact, OrderUpdated)
    return "quantities" in fact.changed


def is_solved(fact: FactData) -> bool:
    """A case that the shop has solved, rather than one whose parcel turned up by itself."""
    assert isinstance(fact, CaseClosed)
    return fact.outcome == "solved"


def came_back(fact: FactData) -> bool:
    """A return that the shopper went through to its end."""
    assert isinstance(fact, ReturnFact)
    return fact.approval_state == Approval.APPROVED and fact.logistics_state != Logistics.EXPIRED


def case_moment(fact: FactData, merchant: Merchant) -> str:
    """Each line of a case's history once."""
    assert isinstance(fact, CaseFact)
    return str(fact.entry_id)


def claim_moment(fact: FactData, merchant: Merchant) -> str:
    """Each line of a claim's history once."""
    assert isinstance(fact, ClaimFact)
    return str(fact.entry_id)


def return_moment(fact: FactData, merchant: Merchant) -> str:
    """Each line of a return's history once, and each step of an exchange."""
    if isinstance(fact, ExchangeFact):
        return f"{fact.return_id}:{type(fact).__name__}"
    assert isinstance(fact, ReturnFact)
    return str(fact.return_entry_id)


def money_moment(fact: FactData, merchant: Merchant) -> str:
    """Each refund once when it is asked for and once when it is done, each credit once."""
    if isinstance(fact, RefundFact):
        return f"{fact.refund_id}:{type(fact).__name__}"
    assert isinstance(fact, CreditFact)
    return str(fact.credit_id)


def is_for_goods_back(fact: FactData) -> bool:
    """Money for a return or a withdrawal: what a claim brings, or the shop gave by itself, is told elsewhere."""
    assert isinstance(fact, (RefundFact, CreditFact))
    return fact.source_kind in ("return", "withdrawal")


def has_an_end(fact: FactData) -> bool:
    """An approved return that has to be sent by a day."""
    assert isinstance(fact, ReturnApproved)
    return fact.expires_at is not None


def _last_day(end: object, merchant: Merchant) -> str:
    return end.astimezone(ZoneInfo(merchant.timezone)).date().isoformat() if end else ""  # type: ignore[attr-defined]


# --- still so? ---------------------------------------------------------------------------------------

_BACK = (Status.RETURNING, Status.RETURNED)


def is_under_way(parcel: Shipment, told: ShipmentFact, merchant: Merchant) -> bool:
    """Neither there nor on its way back."""
    return parcel.status not in (Status.DELIVERED, *_BACK)


def is_same_status(parcel: Shipment, told: ShipmentFact, merchant: Merchant) -> bool:
    """The parcel is where the fact saw it."""
    return parcel.status == told.status


def is_same_problem(parcel: Shipment, told: ShipmentFact, merchant: Merchant) -> bool:
    """The parcel still has the problem. Another one has a message of its own."""
    same = parcel.status == told.status
    return same and (parcel.status != Status.EXCEPTION or parcel.substatus == told.substatus)


def is_still_late(parcel: Shipment, told: ShipmentFact, merchant: Merchant) -> bool:
    """The window still ends on the day that the fact named, and the parcel is not about to arrive."""
    arriving = (Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP, Status.DELIVERED, *_BACK)
    same_day = _last_day(parcel.eta_to, merchant) == _last_day(told.eta_to, merchant)
    return same_day and parcel.status not in arriving


def _about_parcel(key: str, *facts: str, **more: Any) -> Touchpoint:
    return Touchpoint(key, facts, channels=PUSH_EMAIL_AND_SMS, **more)


def _follow_up(key: str, message_class: MessageClass, **more: Any) -> Touchpoint:
    return Touchpoint(
        key, (), message_class=message_class, starts_on=False, **{"channels": (Channel.EMAIL,), **more}
    )


def _survey(key: str, *facts: str, **more: Any) -> Touchpoint:
    return Touchpoint(
        key, facts, channels=(Channel.EMAIL,), message_class=MessageClass.SERVICE, needs_order=False,
        starts_on=False, topic=Topic.REVIEWS, **more,
    )  # fmt: skip


def _about_return(key: str, *facts: str, **more: Any) -> Touchpoint:
    return Touchpoint(
        key, facts, channels=(Channel.EMAIL,), needs_order=False, **{"moment": return_moment, **more}
    )


# --- the list ----------------------------------------------------------------------------------------

TOUCHPOINTS: dict[str, Touchpoint] = {
    touchpoint.key: touchpoint
    for touchpoint in (
        Touchpoint("order_confirmation", ("order.placed",)),
        Touchpoint("order_cancelled", ("order.cancelled",), channels=(Channel.EMAIL,), needs_order=False),
        _about_parcel("shipment_shipped", "shipment.shipped", holds=is_under_way),
        _about_parcel("shipment_out_for_delivery", "shipment.out_for_delivery", holds=is_same_status),
        _about_parcel("shipment_delivered", "shipment.delivered", holds=is_same_status),
        _about_parcel("shipment_delayed", "shipment.delayed", moment=delay_moment, holds=is_still_late),
        _about_parcel(
            "shipment_exception",
            "shipment.exception",
            "shipment.attempt_failed",
            "shipment.ready_for_pickup",
            "shipment.returning",
            moment=problem_moment,
            holds=is_same_problem,
        ),
        # The shop changed what is in it.
        Touchpoint(
            "order_changed",
            ("order.updated",),
            channels=(Channel.EMAIL,),
            moment=items_moment,
            wants=changes_items,
            delay=CHANGES_SETTLE,
        ),
        # Whoever has an order's link may change where it goes: the address on file is told of each change.
        Touchpoint(
            "address_changed", ("order.address_changed",), channels=(Channel.EMAIL,), moment=change_moment
        ),
        # What a shopper reported, and what the team says to it: about a cancelled order, too.
        Touchpoint(
            "case_opened", ("case.opened",), channels=(Channel.EMAIL,), moment=case_moment, needs_order=False
        ),
        Touchpoint(
            "case_answered",
            ("case.answered",),
            channels=(Channel.EMAIL,),
            moment=case_moment,
            needs_order=False,
            is_optional=False,
        ),
        # Claims under the parcel protection.
        Touchpoint(
            "claim_opened",
            ("claim.opened",),
            channels=(Channel.EMAIL,),
            moment=claim_moment,
            needs_order=False,
        ),
        Touchpoint(
            "claim_needs_more",
            ("claim.needs_more",),
            channels=(Channel.EMAIL,),
            moment=claim_moment,
            needs_order=False,
            is_optional=False,
            acted=("claim.replied", "claim.closed"),
        ),
        Touchpoint(
            "claim_decided",
            ("claim.approved", "claim.declined"),
            channels=(Channel.EMAIL,),
            moment=claim_moment,
            needs_order=False,
            is_optional=False,
        ),
        # Returns, step by step. What is asked of the shopper, and a refusal, cannot be switched off.
        _about_return("return_requested", "return.requested"),
        _about_return("return_approved", "return.approved", acted=_SENT_BACK),
        _about_return("return_label", "return.label_created", acted=_SENT_BACK),
        _about_return("return_moved", "return.in_transit", "return.received"),
        _about_return(
            "return_question", "return.asked", is_optional=False, acted=("return.replied", "return.cancelled")
        ),
        _about_return("return_rejected", "return.rejected", is_optional=False),
        _about_return(
            "return_expiring",
            "return.approved",
            delay=TIME_TO_SEND - REMIND_BEFORE,
            wants=has_an_end,
            acted=_SENT_BACK,
        ),
        _about_return("return_ended", "return.cancelled", "return.expired"),
        _about_return(
            "exchange_payment",
            "exchange.payment_link_ready",
            is_optional=False,
            acted=("exchange.paid", "exchange.fell_back"),
        ),
        _about_return("exchange_moved", "exchange.released", "exchange.fell_back"),
        _about_return(
            "refund_moved",
            "refund.requested",
            "refund.completed",
            moment=money_moment,
            wants=is_for_goods_back,
        ),
        _about_return("credit_given", "credit.given", moment=money_moment, wants=is_for_goods_back),
        # Planned by `about_withdrawals`, to the address that was typed: what the law asks for, and word to the shop.
        Touchpoint(
            "withdrawal_receipt",
            (),
            channels=(Channel.EMAIL,),
            message_class=MessageClass.LEGAL,
            needs_order=False,
            is_optional=False,
            to_address=True,
        ),
        Touchpoint("withdrawal_notice", (), channels=(Channel.EMAIL,), needs_order=False, to_address=True),
        # Sent by the team, off the watch-list (`commands.send_about`).
        Touchpoint("order_delayed", ()),
        Touchpoint("shipment_silent", ()),
        # Follow-ups (`followups/`): of an order that arrived, or to a customer about none.
        _follow_up("care_guide", MessageClass.SERVICE),
        _follow_up("replenishment", MessageClass.MARKETING, topic=Topic.REMINDERS),
        _follow_up("complement", MessageClass.MARKETING, delay=timedelta(days=10)),
        _follow_up("welcome", MessageClass.MARKETING, delay=timedelta(hours=1)),
        _follow_up("birthday", MessageClass.MARKETING),
        _follow_up("win_back", MessageClass.MARKETING),
        # What shoppers think, on the shop's own pages (`pages`). The delays count from the arrival of the whole order.
        _follow_up(
            "review_request",
            MessageClass.SERVICE,
            channels=EMAIL_AND_SMS,
            topic=Topic.REVIEWS,
            delay=timedelta(days=14),
        ),
        _follow_up("survey_delivery", MessageClass.SERVICE, topic=Topic.REVIEWS, delay=timedelta(days=2)),
        _follow_up("survey_shop", MessageClass.SERVICE, topic=Topic.REVIEWS, delay=timedelta(days=30)),
        # A refund is what a return is for.
        _survey(
            "survey_return",
            "return.resolved",
            moment=return_moment,
            wants=came_back,
            delay=timedelta(days=1),
            despite=(Reason.TROUBLED_ORDER,),
        ),
        _survey(
            "survey_support", "case.closed", moment=case_moment, wants=is_solved, delay=timedelta(days=1)
        ),
        # To a segment, by `campaigns/`.
        Touchpoint("campaign", (), channels=(Channel.EMAIL,), message_class=MessageClass.MARKETING),
        # Sent by `consent.double_opt_in.ask`: the mail that asks whether somebody really agreed.
        Touchpoint("double_opt_in", (), channels=(Channel.EMAIL,), needs_order=False, is_optional=False),
        # Sent by `commands.send_lookup_link`, also about an order that was cancelled.
        Touchpoint("lookup_link", (), channels=(Channel.EMAIL,), needs_order=False, is_optional=False),
    )
}

BY_FACT: dict[str, tuple[Touchpoint, ...]] = {
    fact_type: tuple(each for each in TOUCHPOINTS.values() if fact_type in each.facts)
    for touchpoint in TOUCHPOINTS.values()
    for fact_type in touchpoint.facts
}
