"""DHL Parcel DE Returns (DHL Retoure Online and International).

https://developer.dhl.com/api-reference/parcel-de-returns-post-parcel-germany: POST /orders with `labelType`; the label
and the QR code come in base64. Credentials: `api_key`, `username`, `password` of the business customer portal.
Settings: `receivers` (country of the sender, two letters, or `<destination>/<country>` → receiver id of the portal);
without an entry the id is the country's code of three letters.
"""

import base64
import binascii
from typing import Any, Final

from returns.logistics.labels.base import Account, Label, NotNow, Refused, Wanted, body_of, call
from tracking.carriers.base import Credential

BASE_URL: Final = "https://api-eu.dhl.com/parcel/de/shipping/returns/v1"
CREDENTIALS: Final = (
    Credential("api_key"),
    Credential("username", secret=False),
    Credential("password"),
)
# From where DHL brings parcels back, as its page lists them.
COUNTRIES: Final = {
    "BG": "bgr", "DK": "dnk", "DE": "deu", "EE": "est", "FI": "fin", "FR": "fra", "GR": "grc", "GB": "gbr",
    "IE": "irl", "IT": "ita", "HR": "hrv", "LV": "lva", "LT": "ltu", "LU": "lux", "MT": "mlt", "NL": "nld",
    "AT": "aut", "PL": "pol", "PT": "prt", "RO": "rou", "SE": "swe", "CH": "che", "SK": "svk", "SI": "svn",
    "ES": "esp", "CZ": "cze", "HU": "hun", "CY": "cyp",
}  # fmt: skip


def make(wanted: Wanted, account: Account) -> Label:
    """Order a return label, or the code that is shown at a counter."""
    sender = wanted.sender
    code = COUNTRIES.get(sender.country)
    if code is None:
        raise Refused(f"DHL brings nothing back from {sender.country}.")
    receivers = account.settings.get("receivers") or {}
    usual = receivers.get(sender.country, code)
    asked: dict[str, Any] = {
        "receiverId": receivers.get(f"{wanted.destination}/{sender.country}", usual),
        "customerReference": wanted.reference[:50], "shipmentReference": wanted.reference[:50],
        "shipper": {
            "name1": sender.name[:50], "addressStreet": sender.street[:50], "addressHouse": sender.house[:10],
            "postalCode": sender.postcode, "city": sender.city, "country": code,
            **({"email": sender.email} if sender.email else {}), **({"phone": sender.phone} if sender.phone else {}),
        },
        "itemWeight": {"uom": "g", "value": wanted.grams},
    }  # fmt: skip
    answer = body_of(call(
        "POST", f"{account.base_url or BASE_URL}/orders", account, json=asked, headers=_headers(account),
        params={"labelType": "QR_LABEL" if wanted.qr else "SHIPMENT_LABEL"},
    ))  # fmt: skip
    number, pdf, qr = str(answer.get("shipmentNo") or ""), _file(answer, "label"), _file(answer, "qrLabel")
    if not number or not (pdf or qr):
        raise NotNow("DHL answered without a label.")
    return Label("dhl", number, number, pdf=pdf, qr=qr)


def check(account: Account) -> None:
    """Look whether the access is known: GET /locations names the receivers that it has. Raises Refused and NotNow."""
    call("GET", f"{account.base_url or BASE_URL}/locations", account, headers=_headers(account))


def _file(answer: dict[str, Any], name: str) -> bytes | None:
    held = answer.get(name)
    text = held.get("b64") if isinstance(held, dict) else None
    try:
        return base64.b64decode(text, validate=True) if text else None
    except (binascii.Error, ValueError):
        raise NotNow("DHL's label cannot be read.") from None


def _headers(account: Account) -> dict[str, str]:
    keys = f"{account.credentials.get('username', '')}:{account.credentials.get('password', '')}"
    return {
        "Authorization": "Basic " + base64.b64encode(keys.encode()).decode(),
        "dhl-api-key": account.credentials.get("api_key", ""),
    }
