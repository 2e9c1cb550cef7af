"""Codes that nobody knows: kept, counted once a scan, shown, and never a delivery."""

import json

from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests.tracking.conftest import dhl_parcel, fresh, make_due, poll, scans
from tests.tracking.dhl_server import DHLServer, answer
from tracking.models import UnknownCode

NUMBER = "00340434000000000017"


def strange(times: int) -> tuple[int, bytes, dict[str, str]]:
    body = json.loads(answer("in_transit", number=NUMBER))
    events = body["shipments"][0]["events"]
    for event in events[:times]:
        event.update(statusCode="teleported", status="Delivered by beam", description="")
    return 200, json.dumps(body).encode(), {}


def test_an_unknown_code_is_kept_counted_once_a_scan_and_delivers_nothing(
    with_key: Merchant, dhl: DHLServer
) -> None:
    parcel = dhl_parcel(with_key, NUMBER)
    dhl.answers[NUMBER] = strange(1)
    for _ in range(2):  # the same answer twice: the same scan
        make_due(parcel)
        poll()
    dhl.answers[NUMBER] = strange(2)
    make_due(parcel)
    poll()
    assert [scan.raw_code for scan in scans(parcel)].count("teleported") == 2
    assert fresh(parcel).status != "delivered"
    with merchant_scope(with_key):
        [code] = UnknownCode.objects.all()
    assert (code.carrier, code.code, code.times, code.shipment_id) == ("dhl", "teleported", 2, parcel.pk)
    assert code.words == "Delivered by beam"


def test_known_codes_are_not_counted(with_key: Merchant, dhl: DHLServer) -> None:
    parcel = dhl_parcel(with_key, NUMBER)
    dhl.answers[NUMBER] = (200, answer("in_transit", number=NUMBER), {})
    make_due(parcel)
    poll()
    with merchant_scope(with_key):
        assert not UnknownCode.objects.exists()
