"""B19: what a newcomer does until the first real message goes out. Each step knows itself whether it is done."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant
from merchants.prepared import prepared_cursor
from notifications.models import MessageState
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


# Written out: building it through the ORM was a fifth of the CPU of the first page.
_FACTS = """
SELECT
    m.logo_hash <> '' OR m.brand_color <> %(color)s::text OR EXISTS (
        SELECT FROM merchants_auditentry WHERE merchant_id = m.id AND action = 'settings.brand') AS brand,
    EXISTS (SELECT FROM orders_shopconnection WHERE merchant_id = m.id) OR EXISTS (
        SELECT FROM merchants_apikey WHERE merchant_id = m.id AND revoked_at IS NULL) AS shop,
    m.default_carrier <> '' OR EXISTS (SELECT FROM tracking_carrieraccount WHERE merchant_id = m.id) AS carrier,
    m.sender_email <> '' OR EXISTS (
        SELECT FROM merchants_auditentry WHERE merchant_id = m.id AND action = 'sender.tested') AS sender,
    EXISTS (SELECT FROM merchants_auditentry WHERE merchant_id = m.id AND action = 'trial.begun') AS trial,
    EXISTS (
        SELECT FROM notifications_message s JOIN orders_order o ON o.merchant_id = s.merchant_id AND o.id = s.order_id
        WHERE s.merchant_id = m.id AND s.state = %(sent)s::text AND o.source <> %(trial)s::text) AS message
FROM merchants_merchant m WHERE m.id = %(merchant_id)s::uuid
"""


def _facts(merchant: Merchant) -> dict[str, bool]:
    """Which steps are done."""
    values = {"color": _COLOR, "sent": MessageState.SENT.value, "trial": SOURCE, "merchant_id": merchant.id}
    with prepared_cursor() as cursor:
        cursor.execute(_FACTS, values)
        return dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))
