"""Shippo: a shipment with `extra.is_return`, then a transaction for its cheapest rate.

https://docs.goshippo.com/docs/Shipments/Returns: the addresses are given as of the way out; Shippo swaps them. The
label and the QR code are links of the transaction. Credentials: `token`. It wants a size: `length_cm`, `width_cm` and
`height_cm` of the settings, or a parcel of 30 × 20 × 10 cm.
"""

from typing import Any, Final

from returns.logistics.labels.base import (
    Account,
    Address,
    Label,
    NotNow,
    Refused,
    Wanted,
    body_of,
    call,
    cheapest,
)
from tracking.carriers.base import Credential

BASE_URL: Final = "https://api.goshippo.com"
CREDENTIALS: Final = (Credential("token"),)


def make(wanted: Wanted, account: Account) -> Label:
    """Make a return label that is paid when it is used."""
    url = account.base_url or BASE_URL
    headers = _headers(account)
    asked = {
        "address_from": _address(wanted.receiver), "address_to": _address(wanted.sender), "async": False,
        "extra": {"is_return": True, **({"qr_code_requested": True} if wanted.qr else {})},
        "metadata": wanted.reference[:100],
        "parcels": [{**_size(account), "distance_unit": "cm", "weight": str(wanted.grams), "mass_unit": "g"}],
    }  # fmt: skip
    shipment = body_of(call("POST", f"{url}/shipments/", account, headers=headers, json=asked))
    rate = cheapest(shipment.get("rates"), account, carrier="provider", service="servicelevel")
    bought = body_of(call("POST", f"{url}/transactions/", account, headers=headers, json={
        "rate": rate["object_id"], "async": False, "label_file_type": "PDF", "metadata": wanted.reference[:100],
    }))  # fmt: skip
    if bought.get("status") in ("QUEUED", "WAITING"):
        raise NotNow("Shippo has not made it yet.")
    if bought.get("status") != "SUCCESS" or not bought.get("label_url"):
        said = "; ".join(str(m.get("text", "")) for m in bought.get("messages") or [] if isinstance(m, dict))
        raise Refused(said[:300] or "Shippo made no label.")
    qr = bought.get("qr_code_url") if wanted.qr else None
    return Label(
        carrier=str(rate.get("provider", "")).casefold(), tracking_number=str(bought.get("tracking_number") or ""),
        reference=str(bought.get("object_id", "")), pdf=call("GET", bought["label_url"], account).body,
        qr=call("GET", qr, account).body if qr else None,
    )  # fmt: skip


def check(account: Account) -> None:
    """Look whether the token is known, by a read that buys nothing. Raises Refused and NotNow."""
    url = f"{account.base_url or BASE_URL}/shipments/"
    call("GET", url, account, headers=_headers(account), params={"results": "1"})


def _headers(account: Account) -> dict[str, str]:
    return {
        "Authorization": f"ShippoToken {account.credentials.get('token', '')}",
        "SHIPPO-API-VERSION": "2018-02-08",
    }


def _size(account: Account) -> dict[str, str]:
    usual = {"length": 30, "width": 20, "height": 10}
    return {name: str(account.settings.get(f"{name}_cm") or cm) for name, cm in usual.items()}


def _address(of: Address) -> dict[str, Any]:
    return {
        "name": of.name or of.company, "company": of.company, "street1": f"{of.street} {of.house}".strip(),
        "city": of.city, "state": of.region, "zip": of.postcode, "country": of.country, "phone": of.phone,
        "email": of.email,
    }  # fmt: skip
