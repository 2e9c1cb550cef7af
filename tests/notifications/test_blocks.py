"""Mails composed of blocks: how each kind is drawn, what is refused, what goes out, and versions."""

import re
import threading
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection

from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_scope
from notifications import block_rules, own_blocks, own_words
from notifications.consent import rules
from notifications.models import WordsVersion
from notifications.rendering import TOUCHPOINTS, Rendered, render, sample_context
from notifications.rendering.block_kinds import KINDS, Block, clean
from notifications.rendering.templates import worded_as
from tests import factories
from tests.smtp_sink import SmtpSink

Work = Callable[[], Any]
SHIPPED = "shipment_shipped"
HOSTILE = '"><script>alert(1)</script><mj-raw>[[heading]] {{ customer.first_name }} & \n</mjml>'


def block(kind: str, block_id: str = "x", **fields: str) -> Block:
    return {**own_blocks.blank(kind, block_id), **fields}


FOOTER = block("footer", "foot", title="Questions?", text="Write to us")


def drawn(*blocks: Block, touchpoint: str = SHIPPED, variant: str = "", **context: Any) -> Rendered:
    template = worded_as(touchpoint, "en", "email", {}, variant, clean([*blocks, FOOTER]))
    return render(template, sample_context("en", touchpoint) | context)


def seen(html: str) -> str:
    """What a reader sees of a mail."""
    body = re.sub(r"(?s)<head>.*?</head>|<!--.*?-->", "", html)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))).strip()


def head(touchpoint: str = SHIPPED, locale: str = "en") -> dict[str, str]:
    words = own_words.built_in(touchpoint, locale, "")
    return {place: words[place] for place in block_rules.HEAD}


def save(merchant: Merchant, *blocks: Block, based_on: int = 0) -> WordsVersion:
    return own_blocks.save(merchant, SHIPPED, "en", "", head(), [*blocks, FOOTER], based_on=based_on)


# --- how they look ---


@pytest.mark.parametrize("touchpoint", TOUCHPOINTS)
def test_our_design_as_blocks_reads_as_our_design(touchpoint: str) -> None:
    for locale, variant in [("en", ""), *(("de", variant) for variant in own_words.variants(touchpoint))]:
        blocks = own_blocks.default(touchpoint, locale, variant, {})
        context = sample_context(locale, touchpoint)
        ours = render(worded_as(touchpoint, locale, "email", {}, variant), context)
        theirs = render(worded_as(touchpoint, locale, "email", {}, variant, blocks), context)
        assert (theirs.subject, theirs.text, seen(theirs.html)) == (ours.subject, ours.text, seen(ours.html))


@pytest.mark.parametrize(
    ("made", "html", "text"),
    [
        (block("heading", eyebrow="Hey", text="Hello {{ customer.first_name }}"), ">Hello Anna</h1>", "Hello Anna"),
        (block("text", title="So", text="One\nTwo"), "<strong>So</strong><br />One<br />Two", "So\nOne\nTwo"),
        (block("text", text="In a box", look="box"), 'class="next', "In a box"),
        (
            block("picture", source="https://shop.test/a.png?x=1&y=2", alt="A mug", link="https://shop.test/mug"),
            '<a href="https://shop.test/mug"><img src="https://shop.test/a.png?x=1&amp;y=2" alt="A mug"',
            "[A mug]\nhttps://shop.test/mug",
        ),
        (block("picture", source=f"picture:{'ab' * 32}", alt="B"), f"/picture-{'ab' * 32}.jpg", "[B]"),
        (block("button", label="Track"), 'href="https://track.nordwind.example/o/9fK2xQ7d"', "Track:\nhttps://track"),
        (
            block("button", label="Help", link="https://shop.test/?o={{ order_number }}&b=2"),
            'href="https://shop.test/?o=104217&amp;b=2"', "Help:\nhttps://shop.test/?o=104217&b=2",
        ),
        (block("button", label="Help", link="{{ links.help }}"), 'href="https://nordwind.example/help"', "/help"),
        (block("items", prices="yes"), "€89.00", "Fjord Wool Sweater (Petrol · M): €89.00"),
        (block("progress"), "On its way", ""),
        (
            block("offer", title="Wax", text="For wool", price="€ 9", label="See it", link="https://shop.test/wax"),
            'href="https://shop.test/wax"', "Wax: € 9\nFor wool\nSee it: https://shop.test/wax",
        ),
        (block("stars", text="How is it?"), 'aria-label="5 stars"', "5 stars: https://nordwind.example/survey?answer=5"),
        (block("totals"), "Shipping", "Total: €138.10"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_each_kind_is_drawn_in_html_and_in_plain_text(made: Block, html: str, text: str) -> None:
    mail = drawn(made)
    assert html in mail.html
    assert text in mail.text
    assert "Nordwind GmbH" in mail.text  # the legal lines stand below whatever is written
    assert "prefers-color-scheme:dark" in mail.html


def test_nothing_that_is_written_breaks_out_of_its_place() -> None:
    written = {name: HOSTILE for fields in KINDS.values() for name in (field.name for field in fields)}
    every = [block(kind, f"b{n}") for n, kind in enumerate(KINDS) if kind != "footer"]
    mail = drawn(*({**made, **{k: written[k] for k in made if k in written}} for made in every))
    assert "<script" not in mail.html
    assert mail.html.count("</html>") == 1
    assert "Nordwind GmbH" in mail.html
    assert "[[heading]]" in mail.html  # as it was written
    addresses = re.findall(r'(?:href|src)="([^"]*)"', mail.html)
    assert all(not a or a.startswith(("https://", "mailto:")) for a in addresses)
    for link in (
        "javascript:alert(1)",
        "http://plain.test",
        "https://{{ customer.first_name }}",
        'https://a.test/"x',
    ):
        mail = drawn(block("picture", source=link, alt="x", link=link))
        assert 'src=""' in mail.html
        assert link not in mail.html


def test_a_block_is_shown_only_if() -> None:
    made = block("text", text="Two parcels!", only_if="several")
    assert "Two parcels!" in drawn(made).html
    alone = drawn(made, shipment={"count": 1})
    assert "Two parcels!" not in alone.html + alone.text


def test_an_offer_is_shown_only_to_who_may_be_sent_one() -> None:
    made = block("offer", title="Wax", label="See it", link="https://shop.test/wax")
    assert "Wax" in drawn(made, may_offer=True).text
    nobody = drawn(made, may_offer=False)
    assert "Wax" not in nobody.html + nobody.text


# --- what is refused ---


@pytest.mark.parametrize(
    ("made", "place", "says"),
    [
        (block("heading"), ("x", "text"), "Something has to stand here"),
        (block("text", text="x" * 4001), ("x", "text"), "At most 4000"),
        (block("text", text="{% if a %}"), ("x", "text"), "cannot be read"),
        (block("text", text="{{ '<script>' }}"), ("x", "text"), "cannot be read"),
        (block("text", text="{% assign links = 1 %}"), ("x", "text"), "taken"),
        (block("text", text="a", look="neon"), ("x", "look"), "no such value"),
        (block("text", text="a", only_if="moon"), ("x", "only_if"), "cannot tell"),
        (block("button", label="a", link="javascript:alert(1)"), ("x", "link"), "https://"),
        (block("button", label="a", link="https://{{ order_number }}/"), ("x", "link"), "https://"),
        (block("picture", source="http://a.test/b.png", alt="a"), ("x", "source"), "https://"),
        (block("picture", source=f"picture:{'ab' * 32}", alt="a"), ("x", "source"), "not uploaded here"),
        (block("withdrawal"), ("x", ""), "nothing to show"),
        (block("text", text="{% for i in (1..1999) %}{{ i }} is long enough by far{% endfor %}"), ("", ""), "60 KB"),
        (
            block("text", text="{% for i in (1..1999) %}{% for j in (1..1999) %}x{% endfor %}{% endfor %}"),
            ("", ""), "cannot be filled",
        ),
        (block("text", text="a", id="foot"), ("", ""), "there twice"),
        (block("footer", title="a", text="b"), ("", ""), "footer stands at the end"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(
    merchant: Merchant, made: Block, place: tuple[str, str], says: str
) -> None:
    with merchant_scope(merchant):
        found = block_rules.faults(SHIPPED, "en", "", head(), [made, FOOTER])
    assert list(found) == [place]
    assert says in found[place]
    with pytest.raises(Unprocessable):
        save(merchant, made)
    with merchant_scope(merchant):
        assert not WordsVersion.objects.exists()


def test_what_the_law_asks_for_advertises_nothing_and_says_what_was_declared(merchant: Merchant) -> None:
    receipt = own_blocks.default("withdrawal_receipt", "en", "", {})
    offer = block("offer", title="Wax", label="See it", link="https://shop.test/wax")
    without = [each for each in receipt if each["kind"] != "withdrawal"]
    with merchant_scope(merchant):

        def faults(blocks: list[Block]) -> dict[tuple[str, str], str]:
            return block_rules.faults("withdrawal_receipt", "en", "", head("withdrawal_receipt"), blocks)

        assert faults(receipt) == {}
        assert "must not advertise" in faults([offer, *receipt])["x", ""]
        assert "has to stay" in faults(without)["", ""]
    assert "offer" not in block_rules.kinds_of("withdrawal_receipt")
    assert "offer" not in block_rules.kinds_of("withdrawal_notice")  # goes to the shop itself
    assert "offer" in block_rules.kinds_of(SHIPPED)


# --- what goes out, and versions ---


def test_they_go_out_in_their_language_and_no_other(
    merchant: Merchant, stranger: Merchant, send_all: Work, smtp_sink: SmtpSink
) -> None:
    save(merchant, block("heading", text="Ahoy {{ customer.first_name }}"), block("items", "y", prices="no"))
    for whose, locale in ((merchant, "en-GB"), (merchant, "de"), (stranger, "en")):
        factories.shipment(whose, factories.order(whose, locale=locale, notify=False))
    send_all()
    ahoy = [mail for mail in smtp_sink.mails if "Ahoy Anna" in mail.html]
    assert len(ahoy) == 1
    assert "Ahoy Anna" in ahoy[0].text
    assert len(smtp_sink.mails) == 3


def test_blocks_that_do_not_go_with_this_release_cost_nobody_the_message(
    merchant: Merchant, send_all: Work, smtp_sink: SmtpSink
) -> None:
    save(merchant, block("text", text="fine"))
    with merchant_scope(merchant):
        WordsVersion.objects.update(
            blocks={"": [block("text", text="{% broken"), {"kind": "hologram", "id": "h"}, 7]}
        )
    factories.shipment(merchant, factories.order(merchant, notify=False))
    send_all()
    assert "Track your parcel" in smtp_sink.mails[0].text


def test_versions_are_compared_block_by_block() -> None:
    one, two, three = (block("text", name, text=f"{name} one two") for name in ("a", "b", "c"))
    after = [three, one, {**two, "text": "b one three"}, block("button", "d", label="New")]
    found = own_blocks.differences([one, two, three, block("totals", "e")], after)
    assert [(change.what, change.block["id"]) for change in found] == [
        ("moved", "c"), ("changed", "b"), ("new", "d"), ("gone", "e"),
    ]  # fmt: skip
    assert found[1].fields == [("text", "b one two", "b one three")]


def test_words_beside_the_blocks_are_kept_on_both_ways(merchant: Merchant) -> None:
    texts = {**own_words.built_in(SHIPPED, "en", ""), "sms": "Rolling", "heading": "Mine", "subject": "Ours"}
    own_words.save(merchant, SHIPPED, "en", "", texts, based_on=0)
    with merchant_scope(merchant):
        version = own_words.latest(SHIPPED, "en")
        assert own_blocks.blocks_of(version, SHIPPED, "en", "")[0]["text"] == "Mine"
    version = save(merchant, block("text", text="a"), based_on=1)
    assert version.words == {"": {"sms": "Rolling", "heading": "Mine"}}  # the subject is ours again
    version = own_words.save(merchant, SHIPPED, "en", "", {**texts, "sms": "Rolled"}, based_on=2)
    assert [each["kind"] for each in version.blocks[""]] == ["text", "footer"]
    assert own_words.restore(merchant, SHIPPED, "en", 1).blocks == {}
    assert own_words.restore(merchant, SHIPPED, "en", 2).blocks[""][0]["text"] == "a"


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_leave_one_version(merchant: Merchant) -> None:
    results: list[str] = []
    barrier = threading.Barrier(2)

    def work(text: str) -> None:
        barrier.wait()
        try:
            save(merchant, block("text", text=text))
            results.append("saved")
        except Conflict:
            results.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(text,)) for text in ("Hers", "His")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["saved", "told"]
    with merchant_scope(merchant):
        assert WordsVersion.objects.count() == 1


def test_stars_lead_to_the_page_for_reviews_each_with_its_number(merchant: Merchant) -> None:
    from notifications import pages, planning
    from notifications.models import Channel
    from notifications.touchpoints import TOUCHPOINTS as MESSAGES

    order = factories.order(merchant, number="#7", notify=False)
    with merchant_scope(merchant):
        asked = planning.plan(merchant, order, MESSAGES["review_request"], Channel.EMAIL, moment="")
    for page, first in (
        ("https://s.test/r?o={order}&stars={answer}", "https://s.test/r?o=%237&stars=5"),
        ("https://s.test/r", ""),
    ):
        found = pages.answers(asked, order, rules.Rules(review_url=page))
        assert (found[0] if found else "") == first
