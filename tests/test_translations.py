"""Portal and dashboard speak German as completely as English."""

import ast
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext, pgettext

from dashboard import formats
from tools import messages

pytestmark = pytest.mark.parametrize("language", messages.LANGUAGES)

# What German writes as English does.
SAME = {
    "Code", "Handle", "ID", "Id", "Logo", "Mails", "Median", "Name", "Passkey", "Person", "Petrol / M", "Problem",
    "Region", "SKU", "SMS", "Sandbox", "Scans", "Segment", "Shop", "Shopify", "Shops", "Status", "Support", "Tag",
    "PIN", "Tags", "Team", "Text", "Version", "Klaviyo", "Webhook",
    "Version %(notice_version)s", "Version %(number)s", "Webhooks", "Website", "WooCommerce", "in %(span)s",
}  # fmt: skip
ABBREVIATIONS = ("MwSt.", "Std.", "Min.", "Pp.")
MARKUP = re.compile(r"<code>.*?</code>|<[^>]*>")  # in the guides for developers: code has the quotes of code
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
# The head of a catalogue that nobody filled in.
BOILERPLATE = re.compile(r"FIRST AUTHOR|ORGANIZATION|EMAIL@ADDRESS|YEAR|Date:|LL@li|Generated-By|VERSION")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the catalogues that a test may change."""
    shutil.copytree(messages.LOCALE, tmp_path / "locale")
    monkeypatch.setattr(messages, "LOCALE", tmp_path / "locale")
    return tmp_path / "locale"


def texts(language: str) -> list[Message]:
    return [message for message in messages.load(language) if message.id]


def pairs(message: Message) -> Iterator[tuple[str, str]]:
    """Each English form with the translated one."""
    yield from zip(forms(message.id), forms(message.string), strict=True)


def forms(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (str(text or ""),)


def named(message: Message) -> str:
    return forms(message.id)[0]


def test_every_text_is_collected_translated_and_compiled(language: str) -> None:
    assert messages.check() == []


def test_a_missing_text_and_a_stale_catalogue_are_told(language: str, elsewhere: Path) -> None:
    stale = f"{language}: django.mo is out of step: run `make messages`"
    # There is also a "Delivered" with a context.
    for text, context in (("Orders", None), ("Delivered", None), ("Delivered", "event")):
        catalog = messages.load(language)
        message = catalog.get(text, context)
        assert message is not None
        catalog.delete(text, context)
        messages.save(language, catalog)
        assert messages.check() == [f"{language}: not collected: {text!r}", stale]
        catalog[text] = message
        messages.save(language, catalog)
        assert messages.check() == []


def test_a_text_without_a_translation_is_told(language: str, elsewhere: Path) -> None:
    catalog = messages.load(language)
    catalog["Orders"].string = ""
    catalog["%(count)d parcel"].string = ("%(count)d Paket", "")
    messages.save(language, catalog)
    messages.compile_all()
    assert messages.check() == [
        f"{language}: not translated: '%(count)d parcel'",
        f"{language}: not translated: 'Orders'",
    ]


def test_every_call_for_a_translation_has_its_text_in_the_catalogue(language: str) -> None:
    """The collector reads tokens and sees nothing within f-strings; here the syntax tree is asked."""
    known = {(message.context, named(message)) for message in texts(language)}
    asked = {
        call for app in messages.APPS for path in (messages.REPO / app).rglob("*.py") for call in calls(path)
    }
    assert len(asked) > 300
    assert asked - known == set()


def calls(path: Path) -> Iterator[tuple[str | None, str]]:
    """Context and text of every call of gettext and its like with a constant."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        name = node.func.id
        if name not in messages._KEYWORDS or not node.args:
            continue
        constants = [
            arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if constants:
            yield (constants[0], constants[1]) if "pgettext" in name else (None, constants[0])


def test_a_translation_has_the_placeholders_of_its_text(language: str) -> None:
    wrong = [
        (text, translated)
        for message in texts(language)
        for text, translated in pairs(message)
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(translated))
        or "%" in PLACEHOLDER.sub("", translated.replace("%%", ""))
    ]
    assert wrong == []


def test_a_translation_differs_from_the_english(language: str) -> None:
    same = {text for message in texts(language) for text, translated in pairs(message) if text == translated}
    assert same == SAME  # also: no exception that is none any more


def ends(text: str) -> bool:
    """Whether it ends as sentences do. A question may well become a plain heading."""
    return text.endswith((".", "!")) and not text.endswith(ABBREVIATIONS)


def test_quotes_dashes_and_spaces_are_german(language: str) -> None:
    """„…“ and ’, no straight quotes, no double spaces, and a sentence ends as the English one does."""
    wrong = [
        translated
        for message in texts(language)
        for text, translated in pairs(message)
        if re.search(r"[\"'”]|  | - |\.\.\.", MARKUP.sub("x", translated))
        or translated.count("„") != translated.count("“")
        or translated != translated.strip()
        or ends(text) != ends(translated)
    ]
    assert wrong == []


def test_shoppers_and_teams_are_addressed_formally(language: str) -> None:
    familiar = re.compile(r"\b(du|dir|dich|dein\w*|euch|euer|eure\w*)\b", re.IGNORECASE)
    assert [m.string for m in texts(language) if familiar.search(" ".join(t for _, t in pairs(m)))] == []


def test_collecting_and_compiling_again_changes_nothing(language: str, elsewhere: Path) -> None:
    committed = {path.name: path.read_bytes() for path in elsewhere.rglob("django.*")}
    messages.collect()
    messages.compile_all()
    assert {path.name: path.read_bytes() for path in elsewhere.rglob("django.*")} == committed
    assert set(committed) == {"django.po", "django.mo"}


def test_collecting_starts_a_catalogue_and_keeps_its_translations(language: str, elsewhere: Path) -> None:
    shutil.rmtree(elsewhere)
    messages.collect()
    catalog = messages.load(language)
    assert len(messages.untranslated(catalog)) == len(catalog) > 500
    catalog["Orders"].string = "Aufträge"
    catalog.add("Nobody asks for this any more", "Das fragt niemand mehr")
    messages.save(language, catalog)
    messages.collect()
    again = messages.load(language)
    assert again["Orders"].string == "Aufträge"
    assert again.get("Nobody asks for this any more") is None


def test_the_head_of_a_catalogue_names_no_stand_ins_and_no_dates(language: str) -> None:
    assert not BOILERPLATE.search(messages._po(language).read_text().split("\n\n", 1)[0])
    assert not BOILERPLATE.search(
        messages._po(language).with_suffix(".mo").read_bytes().decode(errors="replace")
    )


def test_django_finds_texts_plurals_and_contexts(language: str) -> None:
    with translation.override(language):
        assert gettext("Where is my order?") == "Wo ist meine Bestellung?"
        assert pgettext("event", "Out for delivery") == "In Zustellung"
        assert [ngettext("%(count)d parcel", "%(count)d parcels", n) % {"count": n} for n in (1, 2)] == [
            "1 Paket",
            "2 Pakete",
        ]


def test_the_team_reads_dates_as_germans_write_them(language: str) -> None:
    now = timezone.now()
    with translation.override(language), timezone.override("Europe/Berlin"):
        assert formats.moment(datetime(now.year, 11, 22, 13, 5, tzinfo=UTC)) == "22. Nov., 14:05"
        assert formats.moment(datetime(2019, 5, 2, 13, 5, tzinfo=UTC)) == "2. Mai 2019, 15:05"
        assert formats.ago(now - timedelta(days=3, hours=1)) == "vor 3 Tagen"
        assert formats.ago(now + timedelta(hours=5, minutes=1)) == "in 5\u00a0Std."
