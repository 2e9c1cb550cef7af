"""The bodies of pushes in the form that the adapters read. Most carriers push what they also answer."""

from typing import Any

import msgspec

from tracking.carriers.bodies import dig, first, json_body, text


def as_answer(body: bytes) -> bytes:
    """The body as it is."""
    return body


def ups_answer(body: bytes) -> bytes:
    """A Track Alert has one activity of one package, flat: here as the Tracking API would answer it.

    Raises CannotRead.
    """
    told = json_body(body)
    if dig(told, "trackResponse") is not None:
        return body
    number = text(dig(told, "trackingNumber"), 100)
    place = dig(told, "activityLocation")
    activity: dict[str, Any] = {
        "date": dig(told, "localActivityDate"), "time": dig(told, "localActivityTime"),
        "gmtDate": dig(told, "gmtActivityDate"), "gmtTime": dig(told, "gmtActivityTime"),
        "status": dig(told, "activityStatus"),
        "location": {"address": {
            "city": dig(place, "city"), "stateProvince": dig(place, "stateProvince"),
            "postalCode": dig(place, "postalCode"),
            "countryCode": first(dig(place, "countryCode"), dig(place, "country")),
        }},
    }  # fmt: skip
    dates = [{"type": "SDD", "date": dig(told, "scheduledDeliveryDate")}]
    package = {
        "trackingNumber": number, "activity": [activity], "deliveryDate": dates,
        "deliveryInformation": {"receivedBy": dig(told, "receivedBy"), "location": dig(told, "deliveryLocation")},
    }  # fmt: skip
    return msgspec.json.encode(
        {"trackResponse": {"shipment": [{"inquiryNumber": number, "package": [package]}]}}
    )
