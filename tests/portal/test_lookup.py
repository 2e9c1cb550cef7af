"""Finding an order without a link: easy for its owner, silent to everybody else (R24)."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.models import Attempt, Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from orders.models import Order
from tests import factories
from tests.portal.scenes import placed, token_of

HOME = "/p/nordwind/"
LINK = "/p/nordwind/link/"


@pytest.fixture
def order(merchant: Merchant) -> Order:
    return placed(merchant, "en", email="anna@example.test", number="#AB-1042")


def ask(client: Client, number: str, who: str, path: str = HOME, **headers: Any) -> Any:
    return client.post(path, {"order": number, "who": who}, **headers)


def without_input(response: Any) -> bytes:
    """The page without what was typed and without the nonce of this answer."""
    body = re.sub(rb'value="[^"]*"', b"", response.content)
    return re.sub(rb'nonce="[^"]*"', b"", body)


def stable_headers(response: Any) -> dict[str, str]:
    """All headers but those that hold this answer's id, nonce, or length of what was typed."""
    own = ("Request-Id", "Content-Security-Policy", "Content-Length")
    return {name: value for name, value in response.headers.items() if name not in own}


@pytest.mark.parametrize("number", ["#AB-1042", "ab1042", " AB 1042 "])
@pytest.mark.parametrize("who", ["anna@example.test", " Anna@Example.TEST ", "80331", "80 331"])
def test_number_and_address_or_postcode_open_the_page(
    order: Order, client: Client, number: str, who: str
) -> None:
    response = ask(client, number, who)
    assert response.status_code == 303
    assert response["Location"] == f"/p/nordwind/t/{token_of(order)}/"
    assert client.get(response["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("number", "who"),
    [
        ("#AB-1042", "ben@example.test"),
        ("#AB-1042", "10115"),
        ("#AB-9999", "anna@example.test"),
        ("", ""),
        ("#AB-1042", ""),
        ("", "anna@example.test"),
        ("#AB-1042", "@"),
        ("\x00", "\x00"),
        ("' OR 1=1 --", "' OR 1=1 --"),
        ("x" * 5000, "y" * 5000),
    ],
)
def test_every_miss_gets_the_same_answer(order: Order, client: Client, number: str, who: str) -> None:
    known = ask(client, "#AB-1042", "nobody@example.test", REMOTE_ADDR="192.0.2.1")
    response = ask(client, number, who, REMOTE_ADDR="192.0.2.2")
    assert response.status_code == known.status_code == 200
    assert without_input(response) == without_input(known)
    assert stable_headers(response) == stable_headers(known)


def test_a_miss_takes_as_long_for_a_number_that_exists(order: Order, client: Client) -> None:
    times: dict[str, list[float]] = {"#AB-1042": [], "#AB-9999": []}
    for attempt in range(50):
        for number, taken in times.items():
            Attempt.objects.all().delete()
            started = time.perf_counter()
            ask(client, number, f"guess{attempt}@example.test")
            taken.append(time.perf_counter() - started)
    known, unknown = (min(taken) for taken in times.values())  # The slower ones tell of the machine's load.
    assert abs(known - unknown) < 0.005


def test_another_merchants_order_is_not_found(stranger: Merchant, merchant: Merchant, client: Client) -> None:
    placed(stranger, "en", email="anna@example.test", number="#77")
    assert ask(client, "#77", "anna@example.test").status_code == 200


def test_the_newest_of_two_orders_with_one_number_is_found(merchant: Merchant, client: Client) -> None:
    for email in ("anna@example.test", "ben@example.test"):
        placed(merchant, "en", email=email, number="#7")
    with merchant_scope(merchant):
        bens = Order.objects.get(email="ben@example.test")
    assert ask(client, "7", "ben@example.test")["Location"].split("/")[-2] == token_of(bens)


def test_an_expired_link_is_not_handed_out_again(order: Order, merchant: Merchant, client: Client) -> None:
    with merchant_scope(merchant):
        Order.objects.update(link_expires_at=timezone.now() - timedelta(days=1))
    assert ask(client, "#AB-1042", "anna@example.test").status_code == 200


def test_one_client_may_try_ten_times_a_minute(order: Order, client: Client) -> None:
    answers = [ask(client, f"#{n}", "anna@example.test") for n in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert b"Too many tries" in answers[-1].content
    assert ask(client, "#AB-1042", "anna@example.test").status_code == 429  # the right answer, too
    assert ask(client, "#AB-1042", "anna@example.test", REMOTE_ADDR="198.51.100.7").status_code == 303


def test_one_number_may_be_tried_ten_times_a_minute_from_everywhere(order: Order, client: Client) -> None:
    answers = [
        ask(client, "#AB-1042", f"guess{n}@example.test", REMOTE_ADDR=f"198.51.100.{n}") for n in range(11)
    ]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]


def test_a_made_up_forwarding_header_is_no_new_client(order: Order, client: Client) -> None:
    answers = [
        ask(client, f"#{n}", "anna@example.test", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}") for n in range(11)
    ]
    assert answers[-1].status_code == 429


def test_an_address_that_is_an_order_number_too_is_counted_apart(order: Order, client: Client) -> None:
    assert ask(client, "127.0.0.1", "x@example.test").status_code == 200
    assert Attempt.objects.count() == 3  # the client, the number, and the merchant with everybody's


def test_a_postcode_cannot_be_guessed_by_trying_all_of_them(order: Order, client: Client) -> None:
    for n in range(30):
        assert ask(client, "#AB-1042", str(10_000 + n)).status_code == 200
        _a_minute_later()
    missed, right = ask(client, "#AB-1042", "10115"), ask(client, "#AB-1042", "80331")
    assert without_input(missed) == without_input(right)
    assert right.status_code == 200
    assert ask(client, "#AB-1042", "anna@example.test").status_code == 303  # its owner knows more


def test_whoever_knows_the_postcode_may_come_back_all_day(order: Order, client: Client) -> None:
    for _ in range(40):
        assert ask(client, "#AB-1042", "80331").status_code == 303
        _a_minute_later()


def test_many_clients_together_do_not_try_more_than_a_merchant_lets_them(
    order: Order, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.lookup.TRIES_AT_A_MERCHANT", 5)
    answers = [ask(client, f"#{n}", "x@example.test", REMOTE_ADDR=f"198.51.100.{n}") for n in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]


def test_one_client_does_not_use_up_everybodys_tries(
    order: Order, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.lookup.TRIES_AT_A_MERCHANT", 12)
    for n in range(20):
        ask(client, f"#{n}", "x@example.test", REMOTE_ADDR="198.51.100.1")
    assert ask(client, "#AB-1042", "anna@example.test").status_code == 303


def test_a_look_up_does_not_load_what_the_shop_sent_beside_it(
    order: Order, client: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(10) as captured:
        assert ask(client, "#AB-1042", "nobody@example.test").status_code == 200
    assert not any('"raw"' in query["sql"] or '"search"' in query["sql"] for query in captured)


def _a_minute_later() -> None:
    """Let the windows of a minute be over, and no others."""
    now = timezone.now()
    Attempt.objects.filter(window_ends_at__lt=now + timedelta(minutes=2)).update(window_ends_at=now)


# --- a new link -----------------------------------------------------------------------------------


def messages(merchant: Merchant) -> list[Message]:
    with merchant_scope(merchant):
        return list(Message.objects.filter(touchpoint="lookup_link"))


def test_a_new_link_is_mailed_to_the_address_on_file(
    order: Order, merchant: Merchant, client: Client
) -> None:
    response = ask(client, "AB1042", "80331", LINK)
    assert response.status_code == 200
    assert b"Look into your inbox" in response.content
    (message,) = messages(merchant)
    assert (message.recipient, message.order_id) == ("anna@example.test", order.id)


def test_an_expired_link_is_renewed_and_mailed(order: Order, merchant: Merchant, client: Client) -> None:
    with merchant_scope(merchant):
        Order.objects.update(link_expires_at=timezone.now() - timedelta(days=1))
    old = token_of(order)
    assert client.get(f"/p/nordwind/t/{old}/").status_code == 410
    ask(client, "AB1042", "anna@example.test", LINK)
    assert len(messages(merchant)) == 1
    with merchant_scope(merchant):
        order = Order.objects.get()
    assert token_of(order) != old
    assert client.get(f"/p/nordwind/t/{token_of(order)}/").status_code == 200
    assert client.get(f"/p/nordwind/t/{old}/").status_code == 410


def test_asking_for_a_link_tells_nothing(order: Order, merchant: Merchant, client: Client) -> None:
    hit = ask(client, "AB1042", "anna@example.test", LINK)
    miss = ask(client, "AB9999", "anna@example.test", LINK)
    assert without_input(hit) == without_input(miss)
    assert hit.status_code == miss.status_code
    assert len(messages(merchant)) == 1


def test_asking_for_a_link_takes_as_long_whether_or_not_it_is_sent(order: Order, client: Client) -> None:
    times: dict[str, list[float]] = {"AB1042": [], "AB9999": []}
    for _ in range(20):
        for number, taken in times.items():
            Attempt.objects.all().delete()
            started = time.perf_counter()
            ask(client, number, "anna@example.test", LINK)
            taken.append(time.perf_counter() - started)
    sent, missed = (min(taken) for taken in times.values())
    assert abs(sent - missed) < 0.005


def test_a_strangers_patience_fills_no_inbox(order: Order, merchant: Merchant, client: Client) -> None:
    for n in range(8):
        ask(client, "AB1042", "anna@example.test", LINK, REMOTE_ADDR=f"198.51.100.{n}")
    assert len(messages(merchant)) == 3


def test_an_order_without_an_address_gets_the_same_answer(merchant: Merchant, client: Client) -> None:
    factories.order(merchant, email="", number="#8")
    assert ask(client, "8", "10115", LINK).status_code == 200
    assert messages(merchant) == []


def test_no_e_mail_address_is_shown_or_stored_on_the_way(order: Order, client: Client) -> None:
    html = client.get(f"/p/nordwind/t/{token_of(order)}/").content.decode()
    assert "anna@example.test" not in html
    assert "Weber" not in html
    ask(client, "AB1042", "anna@example.test")
    assert not Attempt.objects.filter(key__contains="anna").exists()
