"""A merchant's own words and switches: what is checked, what goes out, versions, and what was before."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from merchants.models import AuditEntry, Merchant
from merchants.rest.errors import Conflict, NotFound, Unprocessable
from merchants.scope import merchant_scope
from notifications import own_words, variables
from notifications.models import Message, WordsVersion
from notifications.switches import Switch, set_switch
from notifications.touchpoints import TOUCHPOINTS
from orders.schemas import CustomerIn
from tests import factories
from tests.notifications.twilio_sink import TwilioSink
from tests.smtp_sink import SmtpSink

Work = Callable[[], Any]
Log = Callable[..., list[Message]]
CONFIRMATION = "order_confirmation"


def texts(
    locale: str = "en", touchpoint: str = CONFIRMATION, variant: str = "", **changes: str
) -> dict[str, str]:
    return {**own_words.built_in(touchpoint, locale, variant), **changes}


def save(merchant: Merchant, based_on: int = 0, **changes: str) -> WordsVersion:
    return own_words.save(merchant, CONFIRMATION, "en", "", texts(**changes), based_on=based_on)


def test_own_words_go_out_in_mail_and_text_part_and_only_in_their_language(
    merchant: Merchant, send_all: Work, smtp_sink: SmtpSink
) -> None:
    save(merchant, heading="Merci, {{ customer.first_name }}!", lead="Fish & <b>chips</b> are packed.")
    factories.order(merchant)
    factories.order(merchant, locale="de")
    send_all()
    english, german = sorted(smtp_sink.mails, key=lambda mail: "Bestellung" in mail.subject)
    assert "Merci, Anna!" in english.html
    assert "Fish &amp; &lt;b&gt;chips&lt;/b&gt; are packed." in english.html  # words, never markup
    assert "Fish & <b>chips</b> are packed." in english.text
    assert "Merci" not in german.html
    with merchant_scope(merchant):
        assert WordsVersion.objects.get().words == {
            "": {"heading": "Merci, {{ customer.first_name }}!", "lead": "Fish & <b>chips</b> are packed."}
        }


def test_one_merchants_words_are_not_anothers(
    merchant: Merchant, stranger: Merchant, send_all: Work, smtp_sink: SmtpSink
) -> None:
    save(stranger, heading="Grüezi")
    factories.order(merchant)
    send_all()
    assert "Grüezi" not in smtp_sink.mails[0].html


def test_a_kind_of_problem_keeps_its_words_when_the_general_ones_change(merchant: Merchant) -> None:
    own: own_words.Words = {"": {"heading": "Oh no", "greeting": "Moin,"}}
    assert own_words.shown("shipment_exception", "en", "", own)["heading"] == "Oh no"
    lost = own_words.shown("shipment_exception", "en", "lost", own)
    assert lost["heading"] == "Your parcel was lost"
    assert lost["greeting"] == "Moin,"  # no problem has a greeting of its own
    own["lost"] = {"heading": "We lost it"}
    assert own_words.shown("shipment_exception", "en", "lost", own)["heading"] == "We lost it"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"heading": "{% if shipment.eta %}no end"}, "heading"), ({"lead": "{{ order_name"}, "lead"),
        ({"subject": "   "}, "subject"), ({"button": ""}, "button"), ({"lead": "x" * 2001}, "lead"),
        ({"lead": "{{ '<script>' }}"}, "lead"), ({"lead": "{% assign links = 1 %}"}, "lead"),
        ({"lead": "{% include 'x' %}"}, "lead"), ({"lead": "{{ order_name | nonsense }}"}, "lead"),
        ({"lead": "{% for i in (1..1999) %}{% for j in (1..1999) %}x{% endfor %}{% endfor %}"}, "lead"),
        ({"lead": "{{ order_name | replace: '1', '11111111' }}" * 1}, ""),
    ],
)  # fmt: skip
def test_bad_words_are_refused_at_their_place_and_nothing_is_saved(
    merchant: Merchant, changes: dict[str, str], place: str
) -> None:
    found = own_words.faults(CONFIRMATION, "en", "", texts(**changes))
    assert list(found) == ([place] if place else [])
    if not place:
        return
    with pytest.raises(Unprocessable) as refused:
        save(merchant, **changes)
    assert refused.value.param == place
    with merchant_scope(merchant):
        assert not WordsVersion.objects.exists()


def test_variables_that_no_message_has_are_named() -> None:
    found = variables.unknown(
        CONFIRMATION, "en",
        {
            "lead": "{{ order_nmae }} {{ customer.first_name }} {{ shipment.etaa }}",
            "next": "{{ brand.color }} {{ line_items[0].title }} {{ order_nmae }}",
        },
    )  # fmt: skip
    assert found == ["order_nmae", "shipment.etaa"]


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("touchpoint", TOUCHPOINTS)
def test_our_own_words_pass_our_own_checks(touchpoint: str, locale: str) -> None:
    for variant in own_words.variants(touchpoint):
        standing = own_words.built_in(touchpoint, locale, variant)
        assert own_words.faults(touchpoint, locale, variant, standing) == {}
        assert variables.unknown(touchpoint, locale, standing) == []


def test_versions_are_kept_compared_and_restored(merchant: Merchant) -> None:
    first = save(merchant, heading="One two three")
    second = save(merchant, based_on=1, heading="One four three")
    with merchant_scope(merchant):
        [change] = own_words.differences(CONFIRMATION, "en", first.words, second.words)
    assert change.parts() == [("same", "One"), ("gone", "two"), ("new", "four"), ("same", "three")]
    assert own_words.restore(merchant, CONFIRMATION, "en", 1).words == first.words
    assert own_words.restore(merchant, CONFIRMATION, "en", 0).words == {}
    with merchant_scope(merchant):
        assert [row.number for row in WordsVersion.objects.order_by("number")] == [1, 2, 3, 4]
        assert AuditEntry.objects.filter(action="words.saved").count() == 4
    with pytest.raises(NotFound):
        own_words.restore(merchant, CONFIRMATION, "en", 99)


def test_what_changed_in_a_long_text_is_found_quickly_whatever_it_says() -> None:
    """A page shows the changes of ten versions with thirty blocks each: it must not keep a web process for minutes."""
    before, after = " ".join(["a"] * 2000), " ".join(["a"] * 1998 + ["b"])
    began = time.process_time()
    found = own_words.parts(before, after)
    assert time.process_time() - began < 0.1
    assert " ".join(text for kind, text in found if kind != "gone") == after


def test_who_saves_over_somebody_elses_words_is_told(merchant: Merchant) -> None:
    save(merchant, heading="Hers")
    with pytest.raises(Conflict):
        save(merchant, based_on=0, heading="His")
    with merchant_scope(merchant):
        assert WordsVersion.objects.get().words[""]["heading"] == "Hers"


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_leave_one_version(merchant: Merchant) -> None:
    results: list[str] = []
    barrier = threading.Barrier(2)

    def work(heading: str) -> None:
        barrier.wait()
        try:
            save(merchant, heading=heading)
            results.append("saved")
        except Conflict:
            results.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(heading,)) for heading in ("Hers", "His")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["saved", "told"]
    with merchant_scope(merchant):
        assert WordsVersion.objects.count() == 1


def test_words_that_do_not_go_with_the_design_any_more_cost_nobody_the_message(
    merchant: Merchant, send_all: Work, smtp_sink: SmtpSink
) -> None:
    with merchant_scope(merchant):
        row = save(merchant, heading="fine")
        WordsVersion.objects.filter(pk=row.pk).update(words={"": {"heading": "{% broken"}})
    factories.order(merchant)
    send_all()
    assert len(smtp_sink.mails) == 1
    assert "Thank you for your order" in smtp_sink.mails[0].text


# --- switches ---


def test_a_message_that_is_switched_off_is_skipped_with_its_reason(
    merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink
) -> None:
    set_switch(merchant, CONFIRMATION, Switch(is_on=False))
    factories.order(merchant)
    send_all()
    assert [(m.state, m.reason) for m in log_of()] == [("skipped", "switched_off")]
    assert smtp_sink.mails == []


def test_one_channel_can_be_switched_off(
    merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink, twilio_sink: TwilioSink
) -> None:
    set_switch(merchant, CONFIRMATION, Switch(channels=("email",)))
    factories.order(merchant, customer=CustomerIn(email="a@b.test", phone="+4915112345678", sms_consent=True))
    send_all()
    assert {m.channel: m.reason for m in log_of()} == {"email": "", "sms": "switched_off"}
    assert twilio_sink.messages == []


def test_what_was_planned_before_it_was_switched_off_stays_here(
    merchant: Merchant, drain_all: Work, send_all: Work, log_of: Log, smtp_sink: SmtpSink
) -> None:
    factories.order(merchant)
    drain_all()
    set_switch(merchant, CONFIRMATION, Switch(is_on=False))
    send_all()
    assert [m.reason for m in log_of()] == ["switched_off"]
    assert smtp_sink.mails == []


def test_a_delay_is_kept_to(
    merchant: Merchant, send_all: Work, smtp_sink: SmtpSink, later: Callable[[timedelta], None]
) -> None:
    set_switch(merchant, CONFIRMATION, Switch(delay=timedelta(minutes=15)))
    factories.order(merchant)
    send_all()
    assert smtp_sink.mails == []
    later(timedelta(minutes=16))
    send_all()
    assert len(smtp_sink.mails) == 1


@pytest.mark.parametrize(
    ("touchpoint", "switch", "param"),
    [
        ("lookup_link", Switch(is_on=False), "is_on"), ("case_answered", Switch(is_on=False), "is_on"),
        ("order_cancelled", Switch(channels=("sms",)), "channels"),
        (CONFIRMATION, Switch(channels=()), "channels"),
        (CONFIRMATION, Switch(delay=timedelta(days=366)), "delay"),
        (CONFIRMATION, Switch(delay=timedelta(minutes=-1)), "delay"),
    ],
)  # fmt: skip
def test_a_switch_that_makes_no_sense_is_refused(
    merchant: Merchant, touchpoint: str, switch: Switch, param: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        set_switch(merchant, touchpoint, switch)
    assert refused.value.param == param
    with merchant_scope(merchant):
        assert not AuditEntry.objects.exists()
