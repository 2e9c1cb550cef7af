"""A claim on the portal: from the parcel's page, with evidence, and its live page."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from notifications.sending import send_due
from orders.models import Order
from orders.queries import token_of
from returns.claims import commands
from returns.claims.models import Claim, Resolution
from returns.claims.pool import cover
from tests import factories
from tests.smtp_sink import SmtpSink


@pytest.fixture
def order(merchant: Merchant) -> Order:
    made = factories.order(merchant, quantity=2, email="anna@example.test")
    parcel = factories.shipment(merchant, made)
    factories.scan(merchant, parcel, "delivered", timezone.now())
    return made


def photo() -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", (8, 8), "#0b6b53").save(out, "JPEG")
    return SimpleUploadedFile("mug.jpg", out.getvalue(), "image/jpeg")


def claims() -> list[Claim]:
    with platform_scope("reading in a test"):
        return list(Claim.objects.all())


def test_only_a_protected_order_has_the_page(merchant: Merchant, order: Order, client: Client) -> None:
    here = f"/p/nordwind/t/{token_of(order)}/1/"
    assert client.get(f"{here}claim/").status_code == 404
    assert "Make a claim" not in client.get(f"{here}problem/").content.decode()
    cover(merchant, order.pk)
    assert f'href="{here}claim/"' in client.get(f"{here}problem/").content.decode()
    assert client.get(f"{here}claim/").status_code == 200
    assert claims() == []


def test_a_damage_is_claimed_with_a_photo_and_decided(
    merchant: Merchant, order: Order, client: Client, drain_all: Any, smtp_sink: SmtpSink
) -> None:
    cover(merchant, order.pk)
    here = f"/p/nordwind/t/{token_of(order)}/1/claim/"
    with merchant_scope(merchant):
        line = order.lines.get()
    told = {"kind": "damaged", "line": str(line.pk), f"count-{line.pk}": "1", "text": "Broken."}
    assert client.post(here, told).status_code == 422
    assert claims() == []
    sent = client.post(here, {**told, "photos": photo()})
    assert sent.status_code == 303
    [claim] = claims()
    assert (claim.kind, claim.value, claim.status) == ("damaged", 89, "open")
    page = client.get(sent["Location"]).content.decode()
    assert "Broken." in page
    with merchant_scope(merchant):
        evidence = public_id("clp", claim.photos.get().pk)
    assert client.get(f"{sent['Location']}photos/{evidence}/")["Content-Type"] == "image/jpeg"
    client.post(sent["Location"], {"text": "Both handles."})
    commands.approve(merchant, claim.pk, Resolution.RESHIP)
    assert "We send the items again." in client.get(sent["Location"]).content.decode()
    drain_all()
    send_due()
    subjects = [mail.subject for mail in smtp_sink.mails if claim.number in mail.subject]
    assert f"Your claim {claim.number} is decided" in subjects
    # Told though the parcel was delivered: a claim is not about where it is.
    assert f"Your claim {claim.number} about order {order.number}" in subjects


def test_another_orders_claim_is_absent(merchant: Merchant, order: Order, client: Client) -> None:
    cover(merchant, order.pk)
    client.post(f"/p/nordwind/t/{token_of(order)}/1/claim/", {"kind": "damaged", "photos": photo()})
    [claim] = claims()
    other = factories.order(merchant)
    path = f"/p/nordwind/o/{token_of(other)}/claims/{public_id('clm', claim.pk)}/"
    assert client.get(path).status_code == 404
