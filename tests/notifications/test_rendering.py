"""The built-in messages in every language and channel, and what hostile data does to them."""

import re
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.safestring import mark_safe

from notifications.rendering import (
    TOUCHPOINTS,
    VARIANTS,
    TemplateError,
    builtin,
    compile_mjml,
    date_time,
    delivery_window,
    email_template,
    mjml_source,
    money,
    render,
    render_sms,
    sample_context,
    segments,
    words,
)

LOCALES = ("en", "de")
EVERY = [(touchpoint, locale, "") for touchpoint in TOUCHPOINTS for locale in LOCALES] + [
    ("shipment_exception", locale, code) for code in VARIANTS["shipment_exception"] for locale in LOCALES
]
BUDGET_BYTES = 60_000
ENGLISH = re.compile(
    r"\b(the|your|order|parcel|delivery|arriving|and|we|items|shipping|total)\b", re.IGNORECASE
)
GERMAN = re.compile(r"\b(der|die|Ihre?|Bestellung|Paket|und|wir|Artikel|Versand|Gesamt)\b")


class Page(HTMLParser):
    """Collects the tags of a mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag == name]


def context_for(touchpoint: str, locale: str, code: str = "") -> dict[str, Any]:
    context = sample_context(locale, touchpoint)
    context["shipment"]["substatus"] = code
    return context


@pytest.mark.parametrize(("touchpoint", "locale", "code"), EVERY)
class TestEveryMessage:
    def test_it_is_a_complete_mail(self, touchpoint: str, locale: str, code: str) -> None:
        mail = render(builtin(touchpoint, locale), context_for(touchpoint, locale, code))
        page = Page(mail.html)
        for part in (mail.subject, mail.preheader, mail.html, mail.text):
            assert part.strip()
            assert not re.search(r"\{\{|\{%|\[\[|⦃|None", part)
        assert len(mail.html.encode()) < BUDGET_BYTES
        assert page.all("html")[0]["lang"] == locale
        assert all(image.get("alt") for image in page.all("img"))
        assert len(page.all("h1")) == 1
        assert mail.preheader in re.sub(r"&#39;", "'", mail.html)

    def test_its_links_lead_somewhere_and_load_nothing_foreign(
        self, touchpoint: str, locale: str, code: str
    ) -> None:
        context = context_for(touchpoint, locale, code)
        mail = render(builtin(touchpoint, locale), context)
        links = [str(link["href"]) for link in Page(mail.html).all("a")]
        assert all(link.startswith(("https://", "mailto:")) for link in links)
        assert context["links"]["portal"] in links
        assert not Page(mail.html).all("link")
        assert "@import" not in mail.html

    def test_its_footer_names_the_merchant_and_the_right_of_withdrawal(
        self, touchpoint: str, locale: str, code: str
    ) -> None:
        context = context_for(touchpoint, locale, code)
        mail = render(builtin(touchpoint, locale), context)
        label = {"en": "Withdraw from contract", "de": "Vertrag widerrufen"}[locale]
        for part in (mail.html, mail.text):
            assert label in part
            assert "Nordwind GmbH" in part
            assert all(context["links"][name] in part for name in ("withdraw", "imprint", "privacy", "help"))

    def test_its_text_part_stands_alone(self, touchpoint: str, locale: str, code: str) -> None:
        context = context_for(touchpoint, locale, code)
        text = render(builtin(touchpoint, locale), context).text
        assert context["links"]["portal"] in text
        assert "\n\n\n" not in text
        assert not re.search(r"<[a-z/]", text)
        kind = TOUCHPOINTS[touchpoint]
        assert ("items" not in kind.blocks) or all(item["title"] in text for item in context["line_items"])
        assert ("totals" not in kind.blocks) or context["total_price"] in text

    def test_it_speaks_one_language(self, touchpoint: str, locale: str, code: str) -> None:
        foreign = {"de": ENGLISH, "en": GERMAN}[locale]
        template = words(touchpoint, locale, VARIANTS.get(touchpoint, {}).get(code, ""))
        for name, text in template.items():
            plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text)
            assert not foreign.search(plain), name

    def test_its_sms_is_one_short_line(self, touchpoint: str, locale: str, code: str) -> None:
        context = context_for(touchpoint, locale, code)
        text = render_sms(builtin(touchpoint, locale, "sms"), context)
        assert segments(text) == 1, text
        assert text.startswith("Nordwind: ")
        assert text.endswith(context["links"]["portal"])
        assert "\n" not in text
        assert "{" not in text


def test_every_language_has_the_same_words() -> None:
    for touchpoint in TOUCHPOINTS:
        for variant in ("", *VARIANTS.get(touchpoint, {}).values()):
            assert set(words(touchpoint, "de", variant)) == set(words(touchpoint, "en", variant))


@pytest.mark.parametrize(
    ("wanted", "got"), [("de-AT", "de"), ("de_CH", "de"), ("en-GB", "en"), ("fr", "en"), ("", "en")]
)
def test_it_falls_back_to_the_nearest_language(wanted: str, got: str) -> None:
    assert builtin("shipment_shipped", wanted).locale == got


def test_the_date_comes_first() -> None:
    for locale, subject in {
        "en-GB": "Arriving Tue 24 – Wed 25 Nov: your Nordwind order",
        "de": "Lieferung Di., 24. – Mi., 25. Nov.: Ihre Bestellung bei Nordwind",
    }.items():
        mail = render(builtin("shipment_shipped", locale), sample_context(locale, "shipment_shipped"))
        assert mail.subject == subject


def test_a_delay_shows_the_old_date_struck_through() -> None:
    mail = render(builtin("shipment_delayed", "en"), sample_context("en-GB", "shipment_delayed"))
    assert "<s>Thu 19 – Fri 20 Nov</s>" in mail.html
    assert "before: Thu 19 – Fri 20 Nov" in mail.text


def test_the_sub_status_chooses_the_words_and_the_status_is_next() -> None:
    template = builtin("shipment_exception", "en")
    context = sample_context("en", "shipment_exception")
    context["shipment"] |= {"status": "attempt_failed", "substatus": "exception.address"}
    assert "check the address" in render(template, context).subject
    context["shipment"]["substatus"] = ""
    assert "missed you" in render(template, context).subject


@pytest.mark.parametrize("missing", ["", None])
def test_it_greets_by_first_name_only_when_there_is_one(missing: str | None) -> None:
    context = sample_context("de", "shipment_shipped")
    assert "Guten Tag Anna Keller," in render(builtin("shipment_shipped", "de"), context).text
    context["customer"]["first_name"] = missing
    mail = render(builtin("shipment_shipped", "de"), context)
    assert "Guten Tag" not in mail.text + mail.html


def test_unknown_variables_are_empty() -> None:
    for touchpoint in TOUCHPOINTS:
        mail = render(builtin(touchpoint, "en"), {})
        assert "{" not in mail.subject + mail.text
        render_sms(builtin(touchpoint, "en", "sms"), {})


def test_a_missing_picture_or_logo_leaves_no_broken_image() -> None:
    context = sample_context("en", "order_confirmation")
    for item in context["line_items"]:
        item["image"] = ""
    assert not Page(render(builtin("order_confirmation", "en"), context).html).all("img")
    context["shop"]["logo"] = "https://nordwind.example/logo.png"
    assert Page(render(builtin("order_confirmation", "en"), context).html).all("img")[0]["alt"] == "Nordwind"


HOSTILE = "\"><script>alert(1)</script>'\u2028Bcc: a@b\r\nX-Evil: 1\x00\x85\u202e {{ shop.email }} {% if %}"


class TestHostileData:
    def mail(self) -> Any:
        context = sample_context("en", "order_confirmation")
        context["order_name"] = context["name"] = context["customer"]["first_name"] = HOSTILE
        context["shop"]["name"] = HOSTILE
        context["line_items"][0]["title"] = context["shipment"]["eta"] = HOSTILE
        return render(builtin("order_confirmation", "en"), context)

    def test_html_is_escaped_everywhere(self) -> None:
        html = self.mail().html
        assert not Page(html).all("script")
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert not any("onerror" in attrs for _, attrs in Page(html).tags)

    @pytest.mark.parametrize("part", ["subject", "preheader"])
    def test_headers_stay_one_line(self, part: str) -> None:
        line = getattr(self.mail(), part)
        assert line.splitlines() == [line]
        assert line.isprintable()
        assert len(line) <= 200

    def test_data_is_never_a_template(self) -> None:
        assert "{{ shop.email }}" in self.mail().text

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "data:text/html,x", " JAVASCRIPT:x", "//evil.example"]
    )
    def test_only_web_addresses_become_links(self, url: str) -> None:
        context = sample_context("en", "shipment_shipped")
        context["fulfillment"]["tracking_url"] = context["line_items"][0]["image"] = url
        context["links"]["portal"] = url
        assert url.strip() not in render(builtin("shipment_shipped", "en"), context).html

    @pytest.mark.parametrize("value", [object(), mark_safe("<b>"), Decimal(1), ("a",), {"a": {1: 2}}, {1}])
    def test_only_plain_data_gets_in(self, value: object) -> None:
        with pytest.raises(TypeError, match="customer"):
            render(builtin("lookup_link", "en"), {"customer": value})

    def test_only_colours_get_into_the_style_sheet(self) -> None:
        with pytest.raises(ValueError, match=r"brand\.color"):
            render(builtin("lookup_link", "en"), {"brand": {"color": "red;} body{display:none"}})


class TestMjml:
    def body(self, inside: str) -> str:
        return f"<mjml>\n<mj-body>\n{inside}\n</mj-body>\n</mjml>"

    def test_liquid_survives(self) -> None:
        column = "<mj-section><mj-column>{}</mj-column></mj-section>"
        html = compile_mjml(
            self.body(
                "<mj-raw>{% for item in line_items %}</mj-raw>"
                + column.format('<mj-image src="{{ item.image }}" alt="{{ item.title | default: "x" }}" />')
                + "<mj-raw>{% endfor %}</mj-raw>"
                + column.format(
                    "<mj-text>{% if 1 < 2 and a > 3 %}"
                    "<a href=\"{{ b | append: '>' }}\">ü</a>{% endif %}</mj-text>"
                )
                + column.format("<mj-table>{% for x in y %}<tr><td>{{ x }}</td></tr>{% endfor %}</mj-table>")
            )
        )
        for tag in (
            "{% for item in line_items %}",
            '{{ item.title | default: "x" }}',
            "{% if 1 < 2 and a > 3 %}",
            "{{ b | append: '>' }}",
            "{% for x in y %}<tr><td>{{ x }}</td></tr>{% endfor %}",
        ):
            assert html.count(tag) == 1
        filled = render(
            email_template("en", "s", "p", html, "t"),
            {"line_items": [{"title": "A"}, {"title": "B"}], "y": [1, 2, 3]},
        ).html
        assert 'alt="A"' in filled
        assert 'alt="B"' in filled
        assert filled.count("<tr><td>") >= 3

    @pytest.mark.parametrize(
        ("inside", "line", "what"),
        [
            ("<mj-section></mj-column>", 3, "mismatched tag"),
            ("\n<mj-sektion></mj-sektion>", 4, "no MJML component <mj-sektion>"),
            ("<mj-include path='/etc/passwd' />", 3, "no MJML component <mj-include>"),
            ("\n\n{% if a %}", None, "expected tag endif"),
            ("{{ a | shout }}", 3, "unknown filter 'shout'"),
            ("{% include 'x' %}", 3, "unexpected tag 'include'"),
            ("{% render 'x' %}", 3, "unexpected tag 'render'"),
            (
                "\n<mj-section colour='{{ brand.color }}'></mj-section>",
                4,
                "MJML drops {{ brand.color }} here",
            ),
            ("<mj-raw>a<br>b</mj-raw>", 3, "mismatched tag"),
            ("<div>" * 200 + "</div>" * 200, 3, "levels of nesting"),
            ("\n{{ a", 4, "never closed"),
        ],
    )
    def test_mistakes_are_named_with_their_line(self, inside: str, line: int | None, what: str) -> None:
        with pytest.raises(TemplateError, match=re.escape(what)) as caught:
            compile_mjml(self.body(inside))
        assert caught.value.line == line

    @pytest.mark.parametrize("source", ["", "x", "<mjml>", "⦃1⦄", "{% raw %}{{ a }}{% endraw %}"])
    def test_nonsense_is_refused(self, source: str) -> None:
        with pytest.raises(TemplateError):
            compile_mjml(source)


class TestFormats:
    def test_windows(self) -> None:
        first, last = date(2026, 11, 24), date(2026, 11, 25)
        assert delivery_window(first, last, "en-GB") == "Tue 24 – Wed 25 Nov"
        assert delivery_window(first, last, "en") == "Tue, Nov 24 – Wed, Nov 25"
        assert delivery_window(first, last, "de") == "Di., 24. – Mi., 25. Nov."
        assert delivery_window(date(2026, 11, 30), date(2026, 12, 2), "en-GB") == "Mon 30 Nov – Wed 2 Dec"
        assert (
            delivery_window(first, None, "de-AT") == delivery_window(first, first, "de-AT") == "Di., 24. Nov."
        )
        assert delivery_window(datetime(2026, 11, 24, 9), datetime(2026, 11, 24, 18), "en-GB") == "Tue 24 Nov"
        assert delivery_window(last, first, "en-GB") == "Wed 25 Nov"

    def test_money_and_times(self) -> None:
        assert money(Decimal("1089.5"), "EUR", "de") == "1.089,50\u00a0€"
        assert money(Decimal("1089.5"), "EUR", "xx") == "€1,089.50"
        moment = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
        assert date_time(moment, "en-GB", ZoneInfo("Europe/Berlin")) == "Tue 24 Nov, 14:05"
        assert date_time(moment, "de", ZoneInfo("Europe/Berlin")) == "Di., 24. Nov., 14:05"

    def test_the_money_filter_passes_text_and_formats_numbers(self) -> None:
        template = email_template(
            "de", "{{ a | money }}|{{ b | money }}|{{ c | money }}|{{ d | money }}", "-", "-", "-"
        )
        context = {"a": "4,90 €", "b": 5, "c": "12.5", "currency": "EUR", "locale": "de"}
        assert render(template, context).subject == "4,90 €|5,00\u00a0€|12,50\u00a0€|".replace("\u00a0", " ")


def test_filling_is_much_cheaper_than_compiling(capsys: pytest.CaptureFixture[str]) -> None:
    template, context = builtin("order_confirmation", "en"), sample_context("en")
    started = time.thread_time()
    compile_mjml(mjml_source("order_confirmation", "en", words("order_confirmation", "en")))
    compiled = time.thread_time() - started
    fills = []
    for _ in range(101):
        started = time.thread_time()
        render(template, context)
        fills.append(time.thread_time() - started)
    best = min(fills)  # the rest tells of the machine's load
    with capsys.disabled():
        print(f"\ncompile {compiled * 1000:.1f} ms, fill {best * 1000:.2f} ms")
    assert best < 0.003
    assert best * 4 < compiled


def test_a_wide_gap_in_a_text_costs_no_time() -> None:
    gap = " \t" * 20_000
    template = email_template("en", "Hi", "", "<p>Hi</p>", f"a{gap}b{gap}\n{gap}\n\n\nc")
    began = time.thread_time()
    assert render(template, {}).text == f"a{gap}b\n\nc\n"
    assert time.thread_time() - began < 1
