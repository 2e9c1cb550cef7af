"""Photos of a return over the API: drawn anew, with their line, read back as JPEG."""

from base64 import b64encode
from io import BytesIO
from typing import Any

from PIL import Image

from merchants.ids import public_id
from merchants.models import Merchant
from tests.api_client import ApiClient
from tests.returns.conftest import delivered
from tests.returns.test_money import ask


def png() -> str:
    out = BytesIO()
    Image.new("RGB", (40, 30), "#0b6b53").save(out, "PNG")
    return b64encode(out.getvalue()).decode()


def test_a_photo_is_kept_with_its_line_and_read_back_as_jpeg(merchant: Merchant, api: ApiClient) -> None:
    ret = ask(merchant, delivered(merchant))
    base = f"returns/{public_id('ret', ret.pk)}"
    made = api.post(f"{base}/photos", {"photo": png(), "line": "L1"})
    assert made.status_code == 201
    [row] = api.get(f"{base}/photos").json()["data"]
    assert row == made.json()
    assert row["return_line_id"] == api.get(base).json()["lines"][0]["id"]
    image = api.get(f"{base}/photos/{row['id']}")
    assert image["Content-Type"] == "image/jpeg"
    assert Image.open(BytesIO(image.content)).size == (40, 30)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"photo": "not base64 at all!"}, "photo_broken"),
        ({"photo": "kein Foto: ß"}, "photo_broken"),
        ({"photo": b64encode(b"<svg onload=x>").decode()}, "photo_svg"),
        ({"photo": png(), "line": "L9"}, "unknown_line"),
    ]  # fmt: skip
    for body, code in wrong:
        answer = api.post(f"{base}/photos", body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert len(api.get(f"{base}/photos").json()["data"]) == 1
    assert api.get(f"{base}/photos/rph_{'0' * 26}").status_code == 404
