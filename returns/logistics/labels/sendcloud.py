"""Sendcloud: a standalone return, then the label of its parcel.

https://sendcloud.dev/api/v3/returns/create-a-return answers ids; the number stands in the return that is read back, the
label is a document of the parcel (https://sendcloud.dev/api/v3/parcel-documents/retrieve-a-parcel-document).
Credentials: `public_key`, `secret_key`. Settings: `shipping_option_code`, and `contract` where there are several.
It has no QR code of its own: a printed label is made for those too.
"""

import base64
from typing import Any, Final

from returns.logistics.labels.base import Account, Address, Label, NotNow, Wanted, body_of, call
from tracking.carriers.base import Credential

BASE_URL: Final = "https://panel.sendcloud.sc/api/v3"
CREDENTIALS: Final = (Credential("public_key", secret=False), Credential("secret_key"))


def make(wanted: Wanted, account: Account) -> Label:
    """Create a return and fetch its label."""
    url, headers = account.base_url or BASE_URL, _headers(account)
    ship_with: dict[str, Any] = {
        "type": "shipping_option_code",
        "shipping_option_code": account.settings.get("shipping_option_code", ""),
    }
    if account.settings.get("contract"):
        ship_with["contract"] = account.settings["contract"]
    made = body_of(call("POST", f"{url}/returns", account, headers=headers, json={
        "from_address": _address(wanted.sender), "to_address": _address(wanted.receiver), "ship_with": ship_with,
        "weight": {"value": round(wanted.grams / 1000, 3), "unit": "kg"}, "order_number": wanted.reference,
        "external_reference": wanted.reference, "send_tracking_emails": False,
        "parcel_items": [
            {"description": item.title[:255], "quantity": item.quantity, "sku": item.sku,
             "weight": {"value": max(round(wanted.grams / 1000 / max(len(wanted.items), 1), 3), 0.001), "unit": "kg"},
             "value": {"value": float(item.value), "currency": item.currency}}
            for item in wanted.items
        ],
    }))  # fmt: skip
    return_id, parcel_id = made.get("return_id"), made.get("parcel_id")
    read = body_of(call("GET", f"{url}/returns/{return_id}", account, headers=headers))
    number = str(read.get("tracking_number") or "")
    if not number:
        raise NotNow("Sendcloud has no number for it yet.")
    label = call(
        "GET", f"{url}/parcels/{parcel_id}/documents/label", account,
        headers={**headers, "Accept": "application/pdf"},
    )  # fmt: skip
    carrier = read.get("carrier") if isinstance(read.get("carrier"), dict) else {}
    return Label(str((carrier or {}).get("code", "")), number, str(return_id), pdf=label.body)


def check(account: Account) -> None:
    """Look whether the keys are known, by a read that makes nothing. Raises Refused and NotNow."""
    call("GET", f"{account.base_url or BASE_URL}/returns", account, headers=_headers(account))


def _headers(account: Account) -> dict[str, str]:
    keys = f"{account.credentials.get('public_key', '')}:{account.credentials.get('secret_key', '')}"
    return {"Authorization": "Basic " + base64.b64encode(keys.encode()).decode()}


def _address(of: Address) -> dict[str, Any]:
    return {
        "name": of.name or of.company, "company_name": of.company, "address_line_1": of.street,
        "house_number": of.house, "postal_code": of.postcode, "city": of.city, "country_code": of.country,
        "phone_number": of.phone, "email": of.email,
        **({"state_province_code": of.region} if of.region else {}),
    }  # fmt: skip
