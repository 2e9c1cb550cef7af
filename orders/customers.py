"""What a shop tells about a customer apart from an order."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from events import log as event_log
from merchants.models import Merchant
from merchants.rest.errors import InvalidBody, NotFound
from merchants.scope import merchant_scope, merchant_transaction
from orders.facts import CustomerUpdated
from orders.models import Customer
from orders.schemas import CustomerIn
from orders.text import normal_email, normal_phone

_COLUMNS = ("external_id", "email", "first_name", "last_name", "phone", "locale")


def put_customer(merchant: Merchant, body: CustomerIn) -> tuple[Customer, bool]:
    """Store a customer, or update the one that it is. Returns them and whether they are new.

    It is the one with this e-mail address, else the one whom the shop calls so: whose address changed then. What
    is left empty is not taken away. Raises InvalidBody without an address and a name, and for an address that is none.
    """
    values = _values(body)
    with merchant_scope(merchant), transaction.atomic():
        customer = _find(values)
        created = customer is None
        if customer is None:
            customer, created = _create(merchant, values)
        changed = [name for name, value in values.items() if value and getattr(customer, name) != value]
        for name in changed:
            setattr(customer, name, values[name])
        if changed and not created:
            customer.updated_at = timezone.now()
            customer.save(update_fields=[*changed, "updated_at"])
        if created or changed:
            told = CustomerUpdated(
                customer_id=customer.id, external_id=customer.external_id, changed=[] if created else changed
            )
            event_log.record(told)
    return customer, created


_UNTOLD: Any = object()


def describe_customer(
    merchant: Merchant,
    customer_id: UUID | None,
    *,
    birthday: date | None = _UNTOLD,
    tags: list[str] | None = None,
) -> Customer:
    """Note what a shop knows of a customer beyond orders. Returns them.

    birthday: None takes it away, left out it stays. tags: all of them; None leaves them. Raises NotFound.
    """
    with merchant_transaction(merchant):
        locked = Customer.objects.select_for_update(of=("self",), no_key=True)
        customer: Customer | None = locked.filter(pk=customer_id).first() if customer_id else None
        if customer is None:
            raise NotFound("There is no such customer.", param="customer_id")
        told: dict[str, Any] = {} if birthday is _UNTOLD else {"birthday": birthday}
        if tags is not None:
            told["tags"] = sorted({" ".join(tag.split())[:40] for tag in tags if tag.strip()})
        changed = [name for name, value in told.items() if getattr(customer, name) != value]
        if changed:
            for name in changed:
                setattr(customer, name, told[name])
            customer.updated_at = timezone.now()
            customer.save(update_fields=[*changed, "updated_at"])
            event_log.record(
                CustomerUpdated(
                    customer_id=customer.id, external_id=customer.external_id, changed=sorted(changed)
                )
            )
    return customer


def _values(body: CustomerIn) -> dict[str, str]:
    email = normal_email(body.email)
    if body.email.strip() and not email:
        raise InvalidBody("This is not an e-mail address.", param="email", code="invalid_field")
    if not email and not body.external_id:
        raise InvalidBody(
            "A customer needs an e-mail address or an external_id.", param="email", code="invalid_field"
        )
    phone = normal_phone(body.phone) or body.phone.strip()
    told: tuple[Any, ...] = (
        body.external_id, email, body.first_name.strip(), body.last_name.strip(), phone, (body.locale or "")[:10],
    )  # fmt: skip
    return dict(zip(_COLUMNS, told, strict=True))


def _find(values: dict[str, str]) -> Customer | None:
    locked = Customer.objects.select_for_update(of=("self",), no_key=True)
    if values["email"] and (found := locked.filter(email=values["email"]).first()):
        return found
    if values["external_id"]:
        return locked.filter(external_id=values["external_id"]).order_by("-updated_at").first()
    return None


def _create(merchant: Merchant, values: dict[str, str]) -> tuple[Customer, bool]:
    now = timezone.now()
    new = Customer(merchant=merchant, created_at=now, updated_at=now, **values)
    # An order of the same person may be stored at this moment: one of the two rows is kept.
    Customer.objects.bulk_create([new], ignore_conflicts=True)
    found = _find(values)
    assert found is not None
    return found, found.pk == new.pk
