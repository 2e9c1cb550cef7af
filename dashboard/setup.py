"""B19: what a newcomer does until the first real message goes out. Each step knows itself whether it is done."""

from dataclasses import dataclass

from django.db import models
from django.db.models import Exists, ExpressionWrapper, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.models import ApiKey, AuditEntry, Merchant
from notifications.models import Message, MessageState
from orders.shop_models import ShopConnection
from tracking.models import CarrierAccount
from tracking.trial import SOURCE

_COLOR = Merchant().brand_color


@dataclass(frozen=True)
class Step:
    """A line of the list. `links` are where it is done: words and addresses, the first one is the main one."""

    key: str
    title: Promise
    text: Promise
    links: tuple[tuple[Promise, str], ...]
    is_done: bool


@dataclass(frozen=True)
class Checklist:
    """All steps with how far it is."""

    steps: list[Step]

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def is_complete(self) -> bool:
        return self.done == len(self.steps)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if not step.is_done), None)


_WORDS: tuple[tuple[str, Promise, Promise, tuple[tuple[Promise, str], ...]], ...] = (
    ("brand", _("Make it yours"), _("Name, logo and colour: what shoppers see on your pages and in their mails."),
     ((_("Choose your brand"), "brand"),)),
    ("shop", _("Connect your shop"), _("So that orders arrive: a shop system we know, or an API key for yours."),
     ((_("Connect a shop"), "shops"), (_("Make an API key"), "keys"))),
    ("carrier", _("Choose your carrier"), _("With its key we follow every parcel by ourselves."),
     ((_("Choose a carrier"), "carriers"),)),
    ("sender", _("Set the sender"), _("Who your mails come from. Send one to yourself to see it."),
     ((_("Set the sender"), "sender"),)),
    ("trial", _("Make a test order"), _("It goes to your own address: watch the mails arrive and the page move."),
     ((_("Make a test order"), "trial"),)),
    ("message", _("The first real message"), _("As soon as your shop sends an order, its shopper gets a mail."),
     ((_("Look at the messages"), "messages"),)),
)  # fmt: skip


def checklist_of(merchant: Merchant) -> Checklist:
    """The list as it stands: one query."""
    is_done = _facts(merchant)
    return Checklist(
        [
            Step(key, title, text, tuple(_links(merchant, links)), is_done[key])
            for key, title, text, links in _WORDS
        ]
    )


def open_checklist(merchant: Merchant) -> Checklist | None:
    """The list for the first page: None once it was put away. One query."""
    return None if merchant.setup_hidden_at else checklist_of(merchant)


def _links(merchant: Merchant, links: tuple[tuple[Promise, str], ...]) -> list[tuple[Promise, str]]:
    from dashboard.settings_pages import entry_of

    known = [(words, name) for words, name in links if name == "messages" or entry_of(name)]
    return [(words, reverse(f"dashboard:{name}", args=[merchant.slug])) for words, name in known]


def _facts(merchant: Merchant) -> dict[str, bool]:
    """Which steps are done, in the open scope."""
    changed = AuditEntry.objects.filter(merchant=merchant)
    sent = Message.objects.filter(merchant=merchant, state=MessageState.SENT, order__isnull=False)
    conditions: dict[str, Q] = {
        "brand": Q(Exists(changed.filter(action="settings.brand")))
        | ~Q(logo_hash="")
        | ~Q(brand_color=_COLOR),
        "shop": Q(Exists(ShopConnection.objects.filter(merchant=merchant)))
        | Q(Exists(ApiKey.objects.filter(merchant=merchant, revoked_at=None))),
        "carrier": Q(Exists(CarrierAccount.objects.filter(merchant=merchant))) | ~Q(default_carrier=""),
        "sender": Q(Exists(changed.filter(action="sender.tested"))) | ~Q(sender_email=""),
        "trial": Q(Exists(changed.filter(action="trial.begun"))),
        "message": Q(Exists(sent.exclude(order__source=SOURCE))),
    }
    wanted = {f"is_{key}": ExpressionWrapper(q, models.BooleanField()) for key, q in conditions.items()}
    row = Merchant.objects.filter(pk=merchant.pk).annotate(**wanted).values(*wanted).get()
    return {key: bool(row[f"is_{key}"]) for key in conditions}
