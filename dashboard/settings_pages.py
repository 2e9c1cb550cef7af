"""The pages under /app/<slug>/settings/: one list of them, and the frame that they all stand in.

A new page adds one line to `ENTRIES`, one address to `dashboard/urls.py`, and renders its template (which extends
`dashboard/settings/base.html`) with `settings_page`.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard.access import Seat
from dashboard.shell import page
from merchants.permissions import Permission


@dataclass(frozen=True)
class Entry:
    """A page of the settings: what it is called and about, its address, the heading it is under, who may open it."""

    key: str
    label: Promise
    about: Promise
    url_name: str
    group: str
    needs: Permission = Permission.SETTINGS


GROUPS: dict[str, Promise] = {
    "shop": _("Shop"),
    "delivery": _("Delivery"),
    "returns": _("Returns and money back"),
    "connections": _("Connections"),
    "people": _("People and data"),
}

ENTRIES: list[Entry] = [
    Entry("setup", _("Set-up"), _("From an empty shop to the first real message."), "setup", "shop"),
    Entry("brand", _("Brand"), _("Name, logo and colour of your portal and messages."), "brand", "shop"),
    Entry("domains", _("Own domain"), _("Your portal under a name of your own."), "domains", "shop"),
    Entry(
        "legal", _("Languages and legal"), _("Language, region, company, and the links that the law asks for."),
        "legal", "shop",
    ),
    Entry(
        "delivery", _("Delivery promise"), _("When an order leaves your house and when it arrives."),
        "delivery", "delivery",
    ),
    Entry(
        "self_service", _("Self-service"), _("What customers may change by themselves, and when you answer them."),
        "self_service", "delivery",
    ),
    Entry(
        "return_rules", _("Return rules"), _("What may come back, until when, for what and at what cost."),
        "return_rules", "returns",
    ),
    Entry(
        "reasons", _("Return reasons"), _("Why things come back: your words, your order, and what each asks for."),
        "reasons", "returns",
    ),
    Entry(
        "withdrawal_rules", _("Withdrawal"), _("How long, and which goods and orders are without the right."),
        "withdrawal_rules", "returns",
    ),
    Entry(
        "protection", _("Parcel protection"), _("What it costs, when a claim can be made, and what a rule decides."),
        "protection", "returns",
    ),
    Entry(
        "branches", _("Branches"), _("Counters that take returns in, with a phone and a PIN."), "branches", "returns"
    ),
    Entry(
        "labels", _("Return labels"), _("Who makes them, from where, and where parcels go."), "labels", "returns"
    ),
    Entry("stock", _("Live stock"), _("Your shop is asked what there is for an exchange."), "stock", "returns"),
    Entry(
        "messages", _("Message texts"), _("Which messages go out, over which channels, and in which words."),
        "message_kinds", "delivery",
    ),
    Entry(
        "message_rules", _("Message rules"), _("Quiet hours, how often, senders, and what people can choose."),
        "message_rules", "delivery",
    ),
    Entry(
        "push", _("Notifications"), _("News of a parcel on the phone, for who asked for it with a tap."), "push",
        "delivery",
    ),
    Entry("flows", _("Flows"), _("Several messages, one after the other, on conditions."), "flows", "delivery"),
    Entry("sender", _("Sender"), _("Who your messages are from."), "sender", "delivery"),
    Entry(
        "care", _("Care and replenishment"), _("Guides after delivery, and how long your products last."), "care",
        "delivery",
    ),
    Entry(
        "suppressions", _("Suppression list"), _("Addresses that nothing is sent to any more."), "suppressions",
        "delivery", Permission.ACT,
    ),
    Entry("carriers", _("Carriers"), _("Your accounts at carriers, and whether they answer."), "carriers", "delivery"),
    Entry("trial", _("Test order"), _("An order of your own, to see what customers see."), "trial", "delivery"),
    Entry(
        "shops", _("Shops"), _("Where orders come from: Shopify, WooCommerce or any other shop."),
        "shops", "connections",
    ),
    Entry("keys", _("API keys"), _("For your shop's backend and your own programs."), "keys", "connections"),
    Entry(
        "webhooks", _("Webhooks"), _("Your backend is told what happens, signed and in order."), "webhooks",
        "connections",
    ),
    Entry(
        "marketing_tools", _("Marketing tools"), _("Hand messages to Klaviyo, or to a program of your own."),
        "marketing_tools", "connections",
    ),
    Entry(
        "sandbox", _("Sandbox"), _("Try things out where nothing is real: test keys, simulated parcels."),
        "sandbox", "connections",
    ),
    Entry(
        "imports", _("Import and export"), _("Bring your history along, and take all your data with you."),
        "imports", "people", Permission.DATA,
    ),
    Entry(
        "team", _("Team"), _("People, their roles and invitations."), "team", "people", Permission.TEAM
    ),
    Entry(
        "privacy", _("Privacy requests"), _("Who wants to know, or to have erased, what is stored about them."),
        "privacy", "people",
    ),
    Entry(
        "audit", _("Audit log"), _("Every change: by whom, when, from what to what."), "audit", "people",
        Permission.TEAM,
    ),
]  # fmt: skip


def settings_page(
    request: HttpRequest, seat: Seat, key: str, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of the settings, rendered at once: the side list stands beside it, `key` is the current one."""
    around = {"settings_groups": groups_of(seat, key), "entry": entry_of(key)}
    return page(request, seat, template, {**around, **context}, section="settings", status=status)


def entry_of(key: str) -> Entry | None:
    """The entry with this key. None for a page that is in no list."""
    return next((entry for entry in ENTRIES if entry.key == key), None)


def groups_of(seat: Seat, current: str = "") -> list[dict[str, Any]]:
    """The pages that this person may open, under their headings."""
    found = []
    for group, words in GROUPS.items():
        entries = [
            {
                "key": entry.key,
                "label": entry.label,
                "about": entry.about,
                "url": reverse(f"dashboard:{entry.url_name}", args=[seat.merchant.slug]),
                "current": entry.key == current,
            }
            for entry in ENTRIES
            if entry.group == group and seat.may(entry.needs)
        ]
        if entries:
            found.append({"words": words, "entries": entries})
    return found
