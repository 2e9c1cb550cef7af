"""A shopper reports a problem: guided, with photos that are drawn anew, ending in a case with a page of its own."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from cases import commands
from cases.models import Case, CaseKind, CaseStatus, Side
from cases.steps import Report
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from orders.models import Order
from portal import limits
from tests.portal.scenes import SCENES, parcel_of, placed, token_of
from tracking.models import Shipment


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return SCENES["delivered_neighbour"](merchant, "en")


def path(order: Order, rest: str = "problem/", number: str = "1/") -> str:
    return f"/p/nordwind/t/{token_of(order)}/{number}{rest}"


def cases() -> list[Case]:
    with platform_scope("counting in a test"):
        return list(Case.objects.order_by("created_at"))


def photo(mode: str = "RGB", size: tuple[int, int] = (2400, 1200), kind: str = "JPEG") -> bytes:
    out = BytesIO()
    picture = Image.new(mode, size, "red")
    exif = picture.getexif()
    exif[0x010F] = "Cam-Maker"
    exif[0x0112] = 6  # lies on its side
    picture.save(out, kind, exif=exif)
    return out.getvalue()


def upload(data: bytes, name: str = "p.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def test_a_parcel_offers_what_can_be_wrong(
    order: Order, client: Client, django_assert_num_queries: Any
) -> None:
    page = client.get(path(order, "")).content.decode()
    assert f'href="{path(order, "problem/not-received/")}" rel="noreferrer">It’s not here' in page
    assert f'href="{path(order)}"' in page
    with django_assert_num_queries(2):
        chosen = client.get(path(order)).content.decode()
    for kind in ("not-received", "damaged", "missing-item", "wrong-item"):
        assert f'href="{path(order, f"problem/{kind}/")}"' in chosen


def test_damage_is_reported_with_goods_words_and_photos(
    merchant: Merchant, order: Order, client: Client
) -> None:
    with merchant_scope(merchant):
        _sweater, loafer = order.lines.order_by("position")
    form = client.get(path(order, "problem/damaged/")).content.decode()
    assert "Fjord Wool Sweater" in form
    sent = client.post(
        path(order, "problem/damaged/"),
        {
            "line": [str(loafer.id)],
            f"count-{loafer.id}": "2",
            "text": "The sole is off.",
            "photos": upload(photo()),
        },
    )
    (case,) = cases()
    assert sent.status_code == 303
    assert sent["Location"] == f"/p/nordwind/o/{token_of(order)}/cases/{public_id('cas', case.id)}/"
    assert (case.kind, case.status, case.shipment_id) == ("damaged", "open", parcel_of(merchant, order).id)
    with merchant_scope(merchant):
        assert list(case.lines.values_list("line_id", "quantity")) == [(loafer.id, 2)]
        stored = bytes(case.photos.get().image)
    drawn = Image.open(BytesIO(stored))
    assert drawn.format == "JPEG"
    assert drawn.size == (800, 1600)  # upright, and no larger than is of use
    assert b"Cam-Maker" not in stored
    page = client.get(sent["Location"]).content.decode()
    assert "The sole is off." in page
    assert "You hear from us by" in page
    shown = client.get(re.search(r'<img src="([^"]+/photos/[^"]+)"', page)[1])  # type: ignore[index]
    assert shown.content == stored
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "no-store" in shown["Cache-Control"]
    assert "See your report" in client.get(path(order, "")).content.decode()


@pytest.mark.parametrize(
    ("kind", "body", "wrong"),
    [
        ("damaged", {"line": "L"}, "describe the damage"),
        ("damaged", {"text": "Broken"}, "choose what it is about"),
        ("missing-item", {"text": "Nothing in it"}, "choose what it is about"),
        ("wrong-item", {"line": "L"}, "what came instead"),
        ("damaged", {"line": "L", "text": "x" * 4001}, "4000 letters at most"),
        ("damaged", {"line": "L", "photos": b"<svg onload=alert(1)>"}, "is not a photo"),
        ("damaged", {"line": "L", "photos": b"GIF89a" + b"\0" * 50}, "is not a photo"),
        ("damaged", {"line": "L", "photos": b"\xff\xd8\xff" + b"\0" * 50}, "is not a photo"),
        ("damaged", {"line": "L", "photos": [b"x"] * 5}, "4 photos at most"),
    ],
)
def test_what_is_missing_is_said_beside_the_field_and_nothing_is_stored(
    merchant: Merchant, order: Order, client: Client, kind: str, body: dict[str, Any], wrong: str
) -> None:
    with merchant_scope(merchant):
        line = order.lines.order_by("position").first()
    sent = {**body, "line": str(line.id)} if "line" in body else dict(body)
    if "photos" in sent:
        files = sent["photos"] if isinstance(sent["photos"], list) else [sent["photos"]]
        sent["photos"] = [upload(data, "<b>.jpg") for data in files]
    answer = client.post(path(order, f"problem/{kind}/"), sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert wrong in page
    assert 'role="alert"' in page
    assert "<b>.jpg" not in page
    assert cases() == []


def test_a_picture_too_large_to_unpack_is_refused(order: Order, client: Client) -> None:
    bomb = photo("L", (30_000, 3_000), "PNG")
    answer = client.post(path(order, "problem/damaged/"), {"text": "Broken", "photos": upload(bomb)})
    assert answer.status_code == 422
    assert b"is too large" in answer.content
    huge = client.post(path(order, "problem/damaged/"), b"", content_type="multipart/form-data; boundary=x",
                       CONTENT_LENGTH=str(10**9))  # fmt: skip
    assert huge.status_code == 413
    assert cases() == []


def test_a_missed_parcel_is_looked_for_first(merchant: Merchant, order: Order, client: Client) -> None:
    with merchant_scope(merchant):
        Shipment.objects.update(
            proof={
                "photo_url": "https://carrier.test/p.jpg",
                "document_url": "javascript:alert(1)",
                "place": "3rd floor",
            }
        )
    page = client.get(path(order, "problem/not-received/")).content.decode()
    for words in ("Familie Huber", "With a neighbour, 3rd floor", "Wait one more day", "Report it now"):
        assert words in page
    assert 'href="https://carrier.test/p.jpg" rel="noreferrer"' in page
    assert "javascript:" not in page
    sent = client.post(path(order, "problem/not-received/"), {"then": "wait"})
    (case,) = cases()
    assert case.status == CaseStatus.WAITING
    waiting = client.get(sent["Location"]).content.decode()
    assert "We wait with you until" in waiting
    assert "It has turned up" in waiting
    closed = client.post(sent["Location"] + "close/")
    assert closed.status_code == 303
    with merchant_scope(merchant):
        case.refresh_from_db()
    assert (case.status, case.outcome) == (CaseStatus.CLOSED, "found")
    assert "See your report" not in client.get(path(order, "")).content.decode()


def test_a_parcel_on_its_way_does_not_wait_for_a_day(merchant: Merchant, client: Client) -> None:
    order = SCENES["in_transit"](merchant, "en")
    page = client.get(path(order, "problem/not-received/")).content.decode()
    assert "Estimated delivery" in page
    assert "Wait one more day" not in page
    client.post(path(order, "problem/not-received/"), {"then": "wait"})
    assert [case.status for case in cases()] == ["open"]  # told, not put off


def test_the_shopper_says_more_and_reads_the_answer(merchant: Merchant, order: Order, client: Client) -> None:
    case = commands.open_case(
        merchant, order.id, parcel_of(merchant, order).id, Report(CaseKind.DAMAGED, "Broken")
    )
    commands.answer(merchant, case.id, "<i>Sorry!</i> Can you\nsend a photo?")
    here = f"/p/nordwind/o/{token_of(order)}/cases/{public_id('cas', case.id)}/"
    page = client.get(here).content.decode()
    assert "&lt;i&gt;Sorry!&lt;/i&gt; Can you<br>send a photo?" in page
    assert client.post(here, {"text": ""}).status_code == 422
    assert (
        client.post(here, {"text": "Here", "photos": upload(photo("RGBA", (60, 40), "PNG"))}).status_code
        == 303
    )
    with merchant_scope(merchant):
        case.refresh_from_db()
        assert case.status == CaseStatus.OPEN
        assert case.photos.count() == 1
    commands.close(merchant, case.id, side=Side.TEAM)
    client.post(here, {"text": "It broke again."})
    with merchant_scope(merchant):
        case.refresh_from_db()
    assert case.status == CaseStatus.OPEN


def test_a_case_opens_with_the_link_of_its_own_order_only(
    merchant: Merchant, order: Order, client: Client
) -> None:
    report = Report(CaseKind.DAMAGED, "Broken", photos=[photo()])
    case = commands.open_case(merchant, order.id, None, report)
    with merchant_scope(merchant):
        picture = public_id("cph", case.photos.get().id)
    other = placed(merchant, "en")
    rest = f"cases/{public_id('cas', case.id)}/"
    for more in ("", f"photos/{picture}/"):
        assert client.get(f"/p/nordwind/o/{token_of(order)}/{rest}{more}").status_code == 200
        assert client.get(f"/p/nordwind/o/{token_of(other)}/{rest}{more}").status_code == 404
    assert client.post(f"/p/nordwind/o/{token_of(other)}/{rest}", {"text": "x"}).status_code == 404
    assert client.post(f"/p/nordwind/o/{token_of(other)}/{rest}close/").status_code == 404
    assert client.get(f"/p/nordwind/o/{token_of(order)}/{rest}close/").status_code == 405
    with merchant_scope(merchant):
        case.refresh_from_db()
        assert (case.status, case.entries.count()) == (CaseStatus.OPEN, 1)


def test_looking_changes_nothing_and_a_parcel_that_is_not_there_is_not_found(
    order: Order, client: Client
) -> None:
    for rest in ("problem/", "problem/damaged/", "problem/not-received/"):
        assert client.get(path(order, rest)).status_code == 200
        assert client.get(path(order, rest, "7/")).status_code == 404
    assert client.get(path(order, "problem/stolen/")).status_code == 404
    assert client.post(path(order, "problem/damaged/", "7/"), {"text": "x"}).status_code == 404
    foreign = client.post(path(order, "problem/damaged/"), {"text": "x"}, HTTP_ORIGIN="https://evil.example")
    assert foreign.status_code == 403
    assert cases() == []


def test_whoever_writes_too_often_waits(
    order: Order, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WRITES", 2)
    codes = [client.post(path(order, "problem/damaged/"), {"text": ""}).status_code for _ in range(3)]
    assert codes == [422, 422, 429]


def test_an_answer_that_is_late_says_so(merchant: Merchant, order: Order, client: Client) -> None:
    case = commands.open_case(merchant, order.id, None, Report(CaseKind.DAMAGED, "Broken"))
    with merchant_scope(merchant):
        Case.objects.update(answer_by=timezone.now() - timedelta(hours=1))
    here = f"/p/nordwind/o/{token_of(order)}/cases/{public_id('cas', case.id)}/"
    assert "We’re later than we said. Sorry!" in client.get(here).content.decode()
