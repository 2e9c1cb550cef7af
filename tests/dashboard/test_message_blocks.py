"""The editor of a mail's blocks: what it shows, changes, refuses and keeps, without JavaScript."""

from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from merchants import commands
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications import own_blocks, own_words
from notifications.models import MessagePicture, WordsVersion
from notifications.rendering.block_kinds import Block
from tests.smtp_sink import SmtpSink

URL = "/app/nordwind/settings/messages/shipment_shipped/"
BLOCKS = URL + "blocks/?locale=en"


@pytest.fixture
def desk(merchant: Merchant) -> Client:
    client = Client()
    member = commands.add_member(merchant, email="m@nordwind.test", password="x" * 12, role="manager")
    client.force_login(member.user)
    return client


def form(blocks: list[Block], do: str = "save", based_on: int = 0, **more: Any) -> dict[str, Any]:
    """The form of some blocks, as a browser posts it."""
    words = own_words.built_in("shipment_shipped", "en", "")
    given = {
        "subject": words["subject"],
        "preheader": words["preheader"],
        "based_on": based_on,
        "do": do,
        **more,
    }
    given["block"] = [block["id"] for block in blocks]
    for block in blocks:
        given |= {f"{block['id']}-{name}": text for name, text in block.items() if name != "id"}
    return given


def ours(**changes: str) -> list[Block]:
    """Our design as blocks, its heading changed."""
    first, *rest = own_blocks.default("shipment_shipped", "en", "", {})
    return [{**first, **changes}, *rest]


def order_of(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('name="block" value="')[1:]]


def test_our_design_is_shown_as_blocks_and_saved_as_a_version(
    desk: Client, merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(14):
        page = unescape(desk.get(BLOCKS).content.decode())
    assert "This is our design as blocks." in page
    assert order_of(page) == [block["id"] for block in ours()]
    assert desk.post(BLOCKS, form(ours(text="It rolls, {{ customer.first_name }}"))).status_code == 302
    page = unescape(desk.get(BLOCKS).content.decode())
    assert "Composed of blocks from here on" in page
    assert "<ins>It rolls," in page
    assert "Composed of 7 blocks." in desk.get(URL + "?locale=en").content.decode()
    assert 'name="lead"' not in desk.get(URL + "?locale=en").content.decode()
    assert 'name="lead"' in desk.get(URL + "?locale=de").content.decode()  # each language has its own
    assert "Begin with the blocks in" in desk.get(URL + "blocks/?locale=de").content.decode()
    begun = desk.get(URL + "blocks/?locale=de&from=en").content.decode()
    assert "It rolls, {{ customer.first_name }}" in begun
    assert desk.post(URL + "blocks/drop/?locale=en", {"based_on": "1"}).status_code == 302
    assert 'name="lead"' in desk.get(URL + "?locale=en").content.decode()
    desk.post(URL + "restore/?locale=en&to=blocks", {"number": "1"})
    with merchant_scope(merchant):
        assert [bool(row.blocks) for row in WordsVersion.objects.order_by("number")] == [True, False, True]


def test_blocks_are_added_moved_doubled_and_removed_in_the_form_alone(
    desk: Client, merchant: Merchant
) -> None:
    blocks = ours()
    names = [block["id"] for block in blocks]

    def pressed(do: str, **more: str) -> list[str]:
        answer = desk.post(BLOCKS, form(blocks, do, **more))
        assert answer.status_code == 200
        return order_of(answer.content.decode())

    assert pressed("add", add_kind="picture") == [*names[:-1], "b8", names[-1]]
    assert pressed("down:b1") == ["b2", "b1", *names[2:]]
    assert pressed("up:b1") == names
    assert pressed("up:b2") == ["b2", "b1", *names[2:]]
    assert pressed("down:b6") == names  # nothing gets below the footer
    assert pressed("copy:b2") == ["b1", "b2", "b8", *names[2:]]
    assert pressed("remove:b3") == ["b1", "b2", *names[3:]]
    assert pressed("remove:b7") == names  # the footer stays
    assert pressed("add", add_kind="no_such_kind") == names
    with merchant_scope(merchant):
        assert not WordsVersion.objects.exists()


def test_what_is_wrong_stands_at_its_field_with_what_was_typed(desk: Client, merchant: Merchant) -> None:
    answer = desk.post(BLOCKS, form(ours(text="{% if %}", eyebrow="kept as it was typed {{ order_nmae }}")))
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert '<p class="error" id="b1-text-error">This cannot be read' in page
    assert "kept as it was typed" in page
    assert 'id="b1-eyebrow-error">No message has this, so it stays empty: <code>order_nmae</code>' in page
    with merchant_scope(merchant):
        assert not WordsVersion.objects.exists()


def test_of_two_editors_the_second_is_told(desk: Client, merchant: Merchant) -> None:
    assert desk.post(BLOCKS, form(ours(text="Hers"))).status_code == 302
    answer = desk.post(BLOCKS, form(ours(text="His")))
    assert answer.status_code == 409
    assert "Somebody else saved this message meanwhile." in answer.content.decode()
    assert "His" in answer.content.decode()
    desk.post(URL + "blocks/drop/?locale=en", {"based_on": "0"})
    with merchant_scope(merchant):
        assert WordsVersion.objects.get().blocks[""][0]["text"] == "Hers"


def test_the_preview_shows_what_is_typed_and_saves_nothing(
    desk: Client, merchant: Merchant, smtp_sink: SmtpSink
) -> None:
    typed = form(ours(text="<script>x</script> {{ nobody.knows }}"))
    look = desk.post(URL + "blocks/look/?locale=en", typed).content.decode()
    frames = [unescape(part.split('"')[0]) for part in look.split('src="')[1:]]
    assert len(frames) == 3
    for frame, scheme in zip(frames, ("not all", "all", "not all"), strict=True):
        shown = desk.get(frame)
        assert "&lt;script&gt;x" in shown.content.decode()
        assert "<script" not in shown.content.decode()
        assert f"@media {scheme}" in shown.content.decode()
        assert shown["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    for broken in ("", "x", "eJw="):
        assert desk.get(URL + "blocks/preview/", {"draft": broken}).status_code == 404
    answer = desk.post(BLOCKS, form(ours(text="A try"), "test"))
    assert "Sent to m@nordwind.test." in answer.content.decode()
    [mail] = smtp_sink.mails
    assert "A try" in mail.html
    with merchant_scope(merchant):
        assert not WordsVersion.objects.exists()


def test_an_uploaded_picture_is_kept_drawn_anew_and_served_to_mail_programs(
    desk: Client, merchant: Merchant, stranger: Merchant
) -> None:
    file = BytesIO()
    Image.new("RGB", (40, 20), "red").save(file, "PNG")
    blocks = [*ours()[:-1], own_blocks.blank("picture", "b8") | {"alt": "Red"}, ours()[-1]]
    upload = SimpleUploadedFile("red.png", file.getvalue())
    assert desk.post(BLOCKS, form(blocks, **{"b8-source-file": upload})).status_code == 302
    with merchant_scope(merchant):
        picture = MessagePicture.objects.get()
        assert WordsVersion.objects.get().blocks[""][-2]["source"] == f"picture:{picture.digest}"
    served = Client().get(f"/p/nordwind/picture-{picture.digest}.jpg")
    assert served.content[:3] == b"\xff\xd8\xff"
    assert served["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert Client().get(f"/p/{stranger.slug}/picture-{picture.digest}.jpg").status_code == 404
    evil = SimpleUploadedFile("x.png", b"<svg onload=alert(1)>")
    answer = desk.post(BLOCKS, form(blocks, based_on=1, **{"b8-source-file": evil}))
    assert answer.status_code == 422
    assert "SVG files are not taken" in answer.content.decode()


def test_a_campaign_is_not_composed_here(desk: Client) -> None:
    assert desk.get("/app/nordwind/settings/messages/campaign/blocks/").status_code == 404
    assert "blocks/" not in desk.get("/app/nordwind/settings/messages/campaign/").content.decode()
