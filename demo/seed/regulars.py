"""What the demo's team did with its customers: two segments, guides, and campaigns: over, under way, and to come.

The one that is over was sent some days ago. There is no other way to have that than to write down what it would have
left: the messages are filled from the product's own templates.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from django.utils import timezone

from demo.seed.catalogue import PRODUCTS
from demo.seed.record import PROVIDER
from events import log as event_log
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from notifications import context, planning, wording
from notifications.campaigns.commands import CampaignIn, save_campaign, schedule
from notifications.campaigns.models import Campaign, CampaignState
from notifications.campaigns.tasks import step
from notifications.facts import MessageFact, MessageSent, MessageSkipped, about
from notifications.followups.commands import RuleIn, add_rule
from notifications.followups.models import Match, RuleKind
from notifications.models import Channel, Message, MessageState
from notifications.reasons import Reason
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Customer
from orders.products import put_product
from orders.schemas import ProductIn, VariantIn
from orders.segments.commands import save_segment
from orders.segments.rules import SegmentCondition, SegmentRule

_READERS: Final = 40
_USED_UP: Final = "DS-GR-39-42"  # socks wear through
_WORDS: Final = {
    "en": {"subject": "Warm things for the first storm", "heading": "The first storm is coming",
           "lead": "Wool from the fjord, in two new colours. Warm before it gets cold."},
    "de": {"subject": "Warmes für den ersten Sturm", "heading": "Der erste Sturm kommt",
           "lead": "Wolle vom Fjord, in zwei neuen Farben. Warm, bevor es kalt wird."},
}  # fmt: skip
_SOCKS: Final = {
    "en": {"subject": "Three pairs for the price of two", "heading": "Sock weeks",
           "lead": "Until Sunday, every third pair of dyke socks is a present."},
    "de": {"subject": "Drei Paar zum Preis von zweien", "heading": "Sockenwochen",
           "lead": "Bis Sonntag ist jedes dritte Paar Deichsocken geschenkt."},
}  # fmt: skip
_ADVENT: Final = {
    "en": {"subject": "A light for the first of Advent", "heading": "Light for dark evenings",
           "lead": "The Beacon Lamp is back, in straw and in sage."},
    "de": {"subject": "Ein Licht zum ersten Advent", "heading": "Licht für dunkle Abende",
           "lead": "Die Leuchte Leuchtfeuer ist wieder da, in Stroh und in Salbei."},
}  # fmt: skip


def keep_customers(merchant: Merchant) -> int:
    """Make all of it. Returns how many messages went to customers, as far as the log says."""
    _products(merchant)
    friends = save_segment(merchant, "Sock friends", _rule(("product.bought", _USED_UP)))
    save_segment(
        merchant, "Germany and Austria, twice", _rule(("country.is", "DE, AT"), ("orders.at_least", "2"))
    )
    text = "Air it rather than wash it. If you do: cold, with wool detergent, and dry it lying flat."
    add_rule(
        merchant,
        RuleIn(RuleKind.GUIDE, Match.TAG, "wool", 7, "How to care for wool", text, _url("wool-guide")),
    )
    add_rule(merchant, RuleIn(RuleKind.REPLENISH, Match.SKU, _USED_UP, 180))
    with merchant_scope(merchant):
        people: list[Customer] = list(
            Customer.objects.exclude(email="")
            .filter(orders__isnull=False)
            .distinct()
            .order_by("created_at", "id")[:_READERS]
        )
    _let_campaigns_go(merchant, public_id("seg", friends.pk))
    return _campaign(merchant, people)


def _products(merchant: Merchant) -> None:
    for each in PRODUCTS:
        is_wool = each.sku.startswith(("FJ", "PO", "DS"))
        put_product(
            merchant,
            ProductIn(
                external_id=each.sku, title=each.english, url=_url(each.sku.lower()), tags=["wool"] if is_wool else [],
                image_url=each.image_url, product_type=each.type,
                variants=[
                    VariantIn(
                        external_id=each.sku_of(number), sku=each.sku_of(number), title=words[0], price=each.price,
                        inventory_quantity=40 - 13 * number,
                    )
                    for number, words in enumerate(each.variants)
                ],
            ),
        )  # fmt: skip


def _campaign(merchant: Merchant, people: Sequence[Customer]) -> int:
    begun = timezone.now() - timedelta(days=6)
    with merchant_transaction(merchant):
        campaign = Campaign.objects.create(
            merchant=merchant, name="The first storm", segment="repeat", words=_WORDS, url=_url("wool"),
            rule=msgspec.to_builtins(_rule(("orders.at_least", "2"))), state=CampaignState.DONE, audience=len(people),
            planned=len(people), begun_at=begun, planned_at=begun, finished_at=begun + timedelta(hours=1),
            created_at=begun - timedelta(days=1), created_by="clara@nordwind.example",
        )  # fmt: skip
    planned = []
    for customer in people:
        message = planning.plan_for_customer(
            merchant, customer, TOUCHPOINTS["campaign"], Channel.EMAIL, moment=str(campaign.pk),
            data={"campaign": str(campaign.pk), "url": campaign.url},
        )  # fmt: skip
        message.campaign_id, message.planned_at = campaign.pk, begun
        planned.append(message)
    _keep(merchant, planned)
    return len(planned)


def _let_campaigns_go(merchant: Merchant, sock_friends: str) -> None:
    """One that goes out now, some mails a minute, and one in three days, at nine."""
    then = timezone.now().astimezone(ZoneInfo(merchant.timezone)) + timedelta(days=3)
    for said in (
        CampaignIn("Sock weeks", sock_friends, _SOCKS, _url("socks"), per_minute=20),
        CampaignIn("Advent", "repeat", _ADVENT, _url("advent"), starts_at=then.replace(hour=9, minute=0)),
    ):
        schedule(merchant, save_campaign(merchant, said).pk)
    while step():  # What the workers do with one whose time has come, but for sending it.
        pass


def _keep(merchant: Merchant, planned: Sequence[Message]) -> None:
    """Fill and store them as they would have gone out, to whom the law lets it."""
    with merchant_transaction(merchant):
        loaded = context.load(merchant, planned)
        facts: list[MessageFact] = []
        for message in planned:
            message.due_at, message.attempts = None, 1
            found = loaded.lawful.basis(message, message.recipient)
            if isinstance(found, Reason):
                message.state, message.reason = MessageState.SKIPPED, found
                facts.append(about(MessageSkipped, message, reason=found))
                continue
            loaded.lawful.settle(message)
            filled, _ = wording.fill(message, loaded.templates, context.context_of(message, loaded))
            message.subject, message.html, message.text = filled.subject, filled.html, filled.text
            message.state, message.provider = MessageState.SENT, PROVIDER
            message.sent_at = message.planned_at + timedelta(seconds=2)
            facts.append(about(MessageSent, message, provider=PROVIDER))
        Message.objects.bulk_create(planned, ignore_conflicts=True)
        event_log.record_many((fact, None) for fact in facts)


def _rule(*conditions: tuple[str, str]) -> SegmentRule:
    return SegmentRule(
        match="all", conditions=[SegmentCondition(kind=kind, value=value) for kind, value in conditions]
    )


def _url(page: str) -> str:
    return f"https://nordwind.example/{page}"
