"""The brand page: what may come in, what is refused with which words, and what shoppers see afterwards."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from merchants.brand import preview_token
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope

PAGE = "/app/nordwind/settings/brand/"
FORM = {"name": "Nordwind", "brand_color": "#0b6b53", "corner_radius": "14"}
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind: str = "PNG", size: tuple[int, int] = (1200, 400), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#c0392b").save(out, kind, **options)
    return out.getvalue()


def upload(client: Client, data: bytes, name: str = "logo.png") -> Any:
    return client.post(PAGE, {**FORM, "logo_file": SimpleUploadedFile(name, data)})


def test_name_colour_and_corners_are_saved_with_an_audit_entry(merchant: Merchant, owner: Client) -> None:
    answer = owner.post(
        PAGE, {**FORM, "name": "Nordwind & Co", "brand_color": "C03", "corner_radius": "8"}, follow=True
    )
    assert "Saved." in answer.content.decode()
    merchant.refresh_from_db()
    assert (merchant.name, merchant.brand_color, merchant.corner_radius) == ("Nordwind & Co", "#cc0033", 8)
    with merchant_scope(merchant):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("settings.brand", "owner@nordwind.test")
    assert entry.changes["brand_color"] == ["#0b6b53", "#cc0033"]
    assert "name" in entry.changes
    # Saved again, nothing happens and nothing is noted.
    answer = owner.post(
        PAGE, {**FORM, "name": "Nordwind & Co", "brand_color": "#CC0033", "corner_radius": "8"}, follow=True
    )
    assert "Nothing was changed." in answer.content.decode()
    with merchant_scope(merchant):
        assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("color", ["", "red", "#12", "#1234567", "#zzzzzz", "#0b6b53;}</style>", "var(--x)"])
def test_what_is_no_colour_is_refused_at_its_field_and_what_was_typed_stays(
    merchant: Merchant, owner: Client, color: str
) -> None:
    answer = owner.post(PAGE, {**FORM, "name": "Typed name", "brand_color": color})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Typed name" in page
    assert 'id="id_brand_color_error"' in page
    assert "</style>" not in page.split("<main")[1]
    merchant.refresh_from_db()
    assert (merchant.name, merchant.brand_color) == ("Nordwind", "#0b6b53")


def test_a_colour_without_contrast_is_mended_and_the_page_says_so(merchant: Merchant, owner: Client) -> None:
    page = owner.post(PAGE, {**FORM, "brand_color": "#ffff00", "preview": "1"}).content.decode()
    assert "Nothing was saved yet." in page
    assert "lighter or darker tone" in page
    assert "Mended" in page
    assert "1.0" in page  # yellow on the light ground, in numbers
    merchant.refresh_from_db()
    assert merchant.brand_color == "#0b6b53"


def test_the_preview_shows_the_portal_in_colours_that_are_not_saved(
    merchant: Merchant, browser_client: Client
) -> None:
    token = preview_token(merchant, color="#123abc", radius=0, scheme="dark")
    answer = browser_client.get(f"/p/nordwind/preview/{token}/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "--brand:#123abc" in page
    assert "color-scheme:dark" in page
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    # The portal itself looks as before.
    assert "#123abc" not in browser_client.get("/p/nordwind/").content.decode()


def test_a_preview_that_the_dashboard_did_not_sign_for_this_shop_is_not_found(
    merchant: Merchant, stranger: Merchant, browser_client: Client
) -> None:
    token = preview_token(stranger, color="#123abc", radius=0, scheme="dark")
    assert browser_client.get(f"/p/nordwind/preview/{token}/").status_code == 404
    assert browser_client.get(f"/p/sudwind/preview/{token}x/").status_code == 404
    assert browser_client.get(f"/p/sudwind/preview/{token}/").status_code == 200


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_as_a_small_png(merchant: Merchant, owner: Client, kind: str) -> None:
    assert upload(owner, picture(kind)).status_code == 302
    merchant.refresh_from_db()
    assert merchant.logo is not None
    with Image.open(io.BytesIO(bytes(merchant.logo))) as stored:
        assert (stored.format, stored.size) == ("PNG", (640, 213))
    shown = owner.get(f"/p/nordwind/logo-{merchant.logo_hash}.png")
    assert shown["Content-Type"] == "image/png"
    assert f"logo-{merchant.logo_hash}.png" in owner.get(PAGE).content.decode()


def test_what_a_picture_carries_beside_its_pixels_is_left_behind(merchant: Merchant, owner: Client) -> None:
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"
    assert upload(owner, picture("JPEG", exif=exif) + b"<?php system($_GET[0]);").status_code == 302
    merchant.refresh_from_db()
    stored = bytes(merchant.logo or b"")
    assert b"script" not in stored
    assert b"php" not in stored


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (SVG, "SVG files are not taken"),
        (b"<svg onload=alert(1)>", "SVG files are not taken"),
        (b"GIF89a" + b"\0" * 50, "not a PNG, JPEG or WebP"),
        (b"hello", "not a PNG, JPEG or WebP"),
        (picture()[:200], "damaged"),
        (picture(size=(4000, 4000)), "too many pixels"),
        (picture() + b"\0" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_good_logo_is_refused_with_words(
    merchant: Merchant, owner: Client, data: bytes, words: str
) -> None:
    answer = upload(owner, data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    merchant.refresh_from_db()
    assert merchant.logo is None


def test_the_logo_can_be_removed_and_the_colour_reset(merchant: Merchant, owner: Client) -> None:
    upload(owner, picture())
    owner.post(PAGE, {**FORM, "brand_color": "#cc0033", "remove_logo": "on"})
    merchant.refresh_from_db()
    assert (merchant.logo, merchant.logo_hash, merchant.brand_color) == (None, "", "#cc0033")
    owner.post(PAGE + "reset/")
    merchant.refresh_from_db()
    assert merchant.brand_color == "#0b6b53"


@pytest.mark.parametrize("role", ["support", "analyst", "warehouse"])
def test_people_who_may_not_set_up_neither_see_nor_change_it(
    merchant: Merchant, desk: Any, role: str
) -> None:
    client = desk(merchant, role)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {**FORM, "name": "Mine"}).status_code == 403
    assert client.post(PAGE + "reset/").status_code == 403
    assert "settings/brand/" not in client.get("/app/nordwind/settings/").content.decode()
    merchant.refresh_from_db()
    assert merchant.name == "Nordwind"
