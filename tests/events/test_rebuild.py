"""`manage.py rebuild`: forget, replay, end equal."""

import io

import pytest
from django.core.management import CommandError, call_command

from events.drain import drain
from events.facts import RecordedFact
from events.models import ParkedFact
from merchants.models import Merchant
from merchants.scope import platform_scope
from tests.events.conftest import Effects, MakeReader
from tests.events.helpers import at_once, record

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, no_color=True)
    return out.getvalue()


def derived(effects: Effects) -> list[tuple[object, ...]]:
    return effects.run("SELECT reader, position, word FROM test_effect ORDER BY reader, position, word")


def test_a_rebuilt_reader_ends_equal_to_what_stood_there(
    merchant: Merchant, stranger: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    make_reader("other")
    make_reader(batch=3, forget=lambda: effects.run("DELETE FROM test_effect WHERE reader = 'notes'"))
    for number in range(10):
        record(merchant, f"n{number}")
        record(stranger, f"s{number}")
    for shard in {merchant.shard, stranger.shard}:
        drain(shard)
    before = derived(effects)
    effects.run("UPDATE test_effect SET word = 'spoilt' WHERE reader = 'notes' AND word = 'n3'")
    effects.run("DELETE FROM test_effect WHERE reader = 'notes' AND word = 's4'")

    said = run("rebuild", "notes")

    assert derived(effects) == before
    assert "notes was handed 20 facts and is up to date." in said
    assert "line 16 of 16: 20 facts so far" in said


def test_facts_that_were_never_sequenced_are_part_of_it(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    make_reader(forget=lambda: effects.run("DELETE FROM test_effect"))
    record(merchant, "1")
    run("rebuild", "notes")
    assert effects.words() == ["1"]


def test_parked_facts_are_tried_again_by_a_rebuild(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    broken = True

    def before(fact: RecordedFact) -> None:
        if broken and fact.data["external_id"] == "2":
            raise ValueError("not yet")

    make_reader(before=before, forget=lambda: effects.run("DELETE FROM test_effect"))
    record(merchant, "1", "2")
    drain(merchant.shard)
    broken = False
    run("rebuild", "notes")
    assert effects.words() == ["1", "2"]
    with platform_scope("a test looks at what is parked"):
        assert not ParkedFact.objects.exists()


def test_workers_that_drain_meanwhile_double_nothing(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    make_reader(batch=5, forget=lambda: effects.run("DELETE FROM test_effect"))
    words = [f"{number:03}" for number in range(100)]
    record(merchant, *words)
    drain(merchant.shard)

    def drain_on() -> None:
        for _ in range(15):
            drain(merchant.shard)

    at_once(lambda: run("rebuild", "notes"), drain_on, drain_on)
    assert effects.words() == words


def test_a_reader_that_acts_on_the_world_is_refused(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    make_reader()
    record(merchant, "1")
    drain(merchant.shard)
    with pytest.raises(CommandError, match="repeat something in the world"):
        run("rebuild", "notes")
    drain(merchant.shard)
    assert effects.words() == ["1"]


def test_an_unknown_name_is_refused_with_the_known_ones(make_reader: MakeReader) -> None:
    make_reader("one")
    make_reader("two")
    with pytest.raises(CommandError, match=r"no reader 'three'\. There are: one, two"):
        run("rebuild", "three")


def test_without_a_name_it_lists_the_readers(make_reader: MakeReader) -> None:
    make_reader("one", forget=lambda: None)
    make_reader("two")
    first, second = run("rebuild").splitlines()
    assert first.split()[0] == "one"
    assert "can be rebuilt" in first
    assert "reads order.updated" in first
    assert second.split()[0] == "two"
    assert "cannot" in second


def test_drain_does_what_the_workers_would(
    merchant: Merchant, make_reader: MakeReader, effects: Effects
) -> None:
    make_reader()
    record(merchant, "1", "2")
    assert run("drain").startswith("2 facts handed out, ")
    assert effects.words() == ["1", "2"]
