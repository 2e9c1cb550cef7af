"""EasyPost: a shipment with `is_return`, then its cheapest rate is bought.

https://docs.easypost.com/docs/returns: the addresses are given as of the way out; EasyPost swaps them. A QR code is a
form of the bought shipment (https://docs.easypost.com/docs/forms). Credentials: `api_key`. Weights are in ounces.
"""

import base64
from typing import Any, Final

from returns.logistics.labels.base import Account, Address, Label, Refused, Wanted, body_of, call, cheapest
from tracking.carriers.base import Credential

BASE_URL: Final = "https://api.easypost.com/v2"
CREDENTIALS: Final = (Credential("api_key"),)
_GRAMS_IN_AN_OUNCE: Final = 28.349523125


def make(wanted: Wanted, account: Account) -> Label:
    """Buy a return label."""
    url, headers = f"{account.base_url or BASE_URL}/shipments", _headers(account)
    asked = {
        "to_address": _address(wanted.sender), "from_address": _address(wanted.receiver), "is_return": True,
        "reference": wanted.reference, "options": {"label_format": "PDF"},
        "parcel": {"weight": round(wanted.grams / _GRAMS_IN_AN_OUNCE, 1)},
    }  # fmt: skip
    shipment = body_of(call("POST", url, account, headers=headers, json={"shipment": asked}))
    rate = cheapest(shipment.get("rates"), account, carrier="carrier", service="service")
    path = f"{url}/{shipment['id']}"
    bought = body_of(call("POST", f"{path}/buy", account, headers=headers, json={"rate": {"id": rate["id"]}}))
    label = (bought.get("postage_label") or {}).get("label_url")
    number = str(bought.get("tracking_code") or "")
    if not label or not number:
        raise Refused("EasyPost bought no label.")
    qr = _qr(path, account, headers) if wanted.qr else None
    return Label(
        carrier=str(rate.get("carrier", "")).casefold(), tracking_number=number, reference=str(shipment["id"]),
        pdf=call("GET", label, account).body, qr=qr,
    )  # fmt: skip


def check(account: Account) -> None:
    """Look whether the key is known, by a read that buys nothing. Raises Refused and NotNow."""
    url = f"{account.base_url or BASE_URL}/shipments"
    call("GET", url, account, headers=_headers(account), params={"page_size": "1"})


def _qr(path: str, account: Account, headers: dict[str, str]) -> bytes | None:
    answer = body_of(
        call("POST", f"{path}/forms", account, headers=headers, json={"form": {"type": "label_qr_code"}})
    )
    forms = answer.get("forms") or []
    url = next((form.get("form_url") for form in forms if form.get("form_type") == "label_qr_code"), None)
    return call("GET", url, account).body if url else None


def _headers(account: Account) -> dict[str, str]:
    key = account.credentials.get("api_key", "")
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def _address(of: Address) -> dict[str, Any]:
    return {
        "name": of.name, "company": of.company or None, "street1": f"{of.street} {of.house}".strip(), "city": of.city,
        "state": of.region or None, "zip": of.postcode, "country": of.country, "phone": of.phone or None,
        "email": of.email or None,
    }  # fmt: skip
