"""What a scan's words mean where no code tells: our own sentences, and every way of not being delivered."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tracking.carriers.words import fold, read_words
from tracking.statuses import SUBSTATUSES, Status

SENTENCES = Path(__file__).parent / "fixtures" / "words" / "sentences.tsv"


def _sentences() -> list[tuple[str, str, str]]:
    lines = [line for line in SENTENCES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [tuple(part.strip() for part in line.split("|", 2)) for line in lines]  # type: ignore[misc]


def test_there_are_enough_sentences_in_each_language() -> None:
    languages = [language for language, _, _ in _sentences()]
    assert len(languages) >= 150
    assert all(languages.count(language) >= 50 for language in ("en", "de", "fr"))


@pytest.mark.parametrize(("language", "wanted", "words"), _sentences())
def test_a_sentence_means(language: str, wanted: str, words: str) -> None:
    read = read_words(words)
    if wanted in SUBSTATUSES:
        assert (read.status, read.substatus) == (SUBSTATUSES[wanted].status, wanted), read.rule
    else:
        assert read.status == Status(wanted), read.rule


@pytest.mark.parametrize(("language", "wanted", "words"), _sentences())
def test_shouting_and_accents_change_nothing(language: str, wanted: str, words: str) -> None:
    assert read_words(words.upper()) == read_words(words) == read_words(f"  {words.replace(' ', '  ')} ")


# None of these is a delivery, however it is put.
_NOT = """
could not be delivered
couldn’t be delivered
has not been delivered
was never delivered
cannot be delivered
unable to deliver
undelivered
will be delivered
to be delivered
should be delivered soon
out for delivery
delivery expected tomorrow
if not delivered, return to sender
not yet delivered
delivery failed
delivered to agent
konnte nicht zugestellt werden
nicht zugestellt
noch nicht zugestellt
wird zugestellt
wird morgen ausgeliefert
Zustellung erfolgt voraussichtlich
soll zugestellt werden
kann nicht ausgeliefert werden
Zustellung fehlgeschlagen
zur Zustellung vorbereitet
wurde leider nicht zugestellt
unzustellbar
wird dem Nachbarn übergeben
n'a pas pu être livré
n’a pas été livré
non livré
pas encore livré
sera livré
va être livré
doit être livré
en cours de livraison
livraison prévue
livraison impossible
échec de livraison
pour être livré
n'est pas livré
""".strip().splitlines()


@pytest.mark.parametrize("words", _NOT)
def test_what_is_not_delivered_is_never_read_as_delivered(words: str) -> None:
    for text in (words, words.upper(), f"Ihre Sendung / your parcel / votre colis: {words}."):
        assert read_words(text).status != Status.DELIVERED, text


def test_words_that_no_rule_knows_are_in_transit_and_say_so() -> None:
    assert read_words("MILAN - ITALY") == read_words("") == read_words("包裹已送达")
    assert (read_words("").status, read_words("").substatus, read_words("").rule) == ("in_transit", "", "")


def test_long_and_hostile_words_are_read_quickly() -> None:
    assert read_words("not delivered " * 5_000).status == Status.ATTEMPT_FAILED
    assert read_words("wird " * 10_000).status == Status.IN_TRANSIT


def test_folding_keeps_umlauts_as_two_letters_and_drops_accents() -> None:
    assert fold("  Zurück  an\u00a0den ÉXPÉDITEUR’s Straße ") == "zurueck an den expediteur's strasse"
    assert fold("u\u0308ber") == "ueber"


def test_the_command_prints_what_words_mean() -> None:
    def said(text: str) -> dict[str, str]:
        out = StringIO()
        call_command("normalise", "--text", text, stdout=out)
        return json.loads(out.getvalue())

    assert said("Zustellung erfolgreich") == {"status": "delivered", "substatus": "", "rule": "delivered"}
    assert said("Left with a neighbour")["substatus"] == "delivered.neighbour"
    assert said("???")["status"] == "in_transit"
    assert "reason" in said("???")


def test_the_command_reads_an_answer_or_words_and_not_both() -> None:
    with pytest.raises(CommandError):
        call_command("normalise", "--text", "Delivered", "--carrier", "dhl")
    with pytest.raises(CommandError):
        call_command("normalise")
