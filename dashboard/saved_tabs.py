"""Saved tabs: a list's filter and search under a name. A tab is the whole team's or one person's own."""

from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.db.models import Q, QuerySet

from dashboard.access import Seat
from dashboard.listing import PARAMETERS
from dashboard.models import SavedTab
from merchants import audit
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import NotFound, Unprocessable
from merchants.scope import merchant_transaction

LONGEST_NAME = 40
MOST = 20  # of one list, that one person sees
LISTS = ("orders", "shipments", "watch")


def visible(user_id: int, list_name: str) -> QuerySet[SavedTab]:
    """The team's tabs and this person's own, oldest first."""
    mine = Q(owner_id=None) | Q(owner_id=user_id)
    return SavedTab.objects.filter(mine, list_name=list_name).order_by("created_at", "id")


def get(seat: Seat, tab_id: UUID) -> SavedTab:
    """A tab that this person sees. Raises NotFound, the same for a colleague's own."""
    found = SavedTab.objects.filter(Q(owner_id=None) | Q(owner_id=seat.user.pk), pk=tab_id).first()
    if found is None:
        raise NotFound("There is no such tab.", param="tab_id")
    return found


def save(seat: Seat, list_name: str, *, name: str, query: str, is_shared: bool) -> SavedTab:
    """Keep a list's address under a name. Raises Unprocessable without a name or a filter, and beyond 20 tabs."""
    name, query = _name(name), clean(query)
    if list_name not in LISTS or not query:
        raise Unprocessable("There is nothing to save: filter or search first.", code="nothing_to_save")
    with merchant_transaction(seat.merchant):
        Merchant.objects.select_for_update(no_key=True).get(pk=seat.merchant.pk)  # two at once count as one
        if visible(seat.user.pk, list_name).count() >= MOST:
            raise Unprocessable(f"There are {MOST} tabs at most.", code="too_many_tabs")
        tab = SavedTab.objects.create(
            merchant=seat.merchant, list_name=list_name, name=name, query=query,
            owner_id=None if is_shared else seat.user.pk,
        )  # fmt: skip
        audit.record_change("saved_tab.created", public_id("tab", tab.id), name)
    return tab


def change(seat: Seat, tab_id: UUID, *, name: str, is_shared: bool) -> SavedTab:
    """Rename a tab, or share it or keep it to oneself. Raises NotFound and Unprocessable."""
    name = _name(name)
    with merchant_transaction(seat.merchant):
        tab = get(seat, tab_id)
        audit.record_change("saved_tab.changed", public_id("tab", tab.id), name, {"name": [tab.name, name]})
        tab.name, tab.owner_id = name, None if is_shared else seat.user.pk
        tab.save(update_fields=["name", "owner_id"])
    return tab


def delete(seat: Seat, tab_id: UUID) -> None:
    """Forget a tab. Raises NotFound."""
    with merchant_transaction(seat.merchant):
        tab = get(seat, tab_id)
        audit.record_change("saved_tab.deleted", public_id("tab", tab.id), tab.name)
        tab.delete()


def clean(query: str) -> str:
    """The parameters of a list's address that are ours, in one order, without the place in the list."""
    values: dict[str, Any] = dict(parse_qsl(query.lstrip("?").replace("\0", "")[:1000]))
    kept = {name: values[name] for name in PARAMETERS if values.get(name) and name != "view"}
    return urlencode(kept)


def _name(text: str) -> str:
    name = " ".join(text.replace("\0", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise Unprocessable(f"A name has 1 to {LONGEST_NAME} letters.", param="name", code="invalid_name")
    return name
