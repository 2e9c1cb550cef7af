"""`Idempotency-Key`: the nine cases, and the edges between them. Real connections where it is about time."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction
from django.utils import timezone

from events.models import Incoming
from merchants.models import IdempotencyKey, Merchant
from merchants.rest import idempotency
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from orders import api as orders_api
from orders import commands
from orders.models import Order
from tests import factories
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "7a0f8f5e-2f4d-4a3c-9f3e-0d1d2a3b4c5d"


@pytest.fixture
def merchant() -> Merchant:
    return factories.merchant()


@pytest.fixture
def stranger() -> Merchant:
    return factories.merchant("sudwind", "Südwind")


@pytest.fixture
def api(merchant: Merchant) -> ApiClient:
    return ApiClient(create_api_key(merchant, name="test")[1])


def orders_and_facts(merchant: Merchant) -> tuple[int, int]:
    with merchant_scope(merchant):
        return Order.objects.count(), Incoming.objects.filter(merchant_id=merchant.id).count()


def kept(merchant: Merchant) -> int:
    with merchant_scope(merchant):
        return IdempotencyKey.objects.count()


def test_1_the_first_answer_is_kept_and_2_given_again_byte_by_byte_without_a_second_effect(
    api: ApiClient, merchant: Merchant
) -> None:
    body = factories.order_body()
    first = api.post("orders", body, idempotency_key=KEY)
    assert (first.status_code, first.headers.get("Idempotent-Replayed")) == (201, None)
    for _ in range(3):
        again = api.post("orders", body, idempotency_key=KEY)
        assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
        assert (again.content, again["Content-Type"]) == (first.content, first["Content-Type"])
    assert orders_and_facts(merchant) == (1, 1)


def test_the_answer_of_then_is_given_although_the_order_has_changed_since(
    api: ApiClient, merchant: Merchant
) -> None:
    body = factories.order_body()
    first = api.post("orders", body, idempotency_key=KEY)
    api.post("orders", {**body, "number": "#changed"})
    assert api.post("orders", body, idempotency_key=KEY).content == first.content
    with merchant_scope(merchant):
        assert Order.objects.get().number == "#changed"


def test_3_the_key_with_another_body_is_refused_and_does_nothing(api: ApiClient, merchant: Merchant) -> None:
    api.post("orders", factories.order_body(), idempotency_key=KEY)
    other = api.post("orders", factories.order_body(), idempotency_key=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert orders_and_facts(merchant) == (1, 1)


def test_4_the_key_on_another_route_or_of_another_merchant_is_another_key(
    api: ApiClient, merchant: Merchant, stranger: Merchant
) -> None:
    body = factories.order_body()
    mine = api.post("orders", body, idempotency_key=KEY)
    theirs = ApiClient(create_api_key(stranger, name="theirs")[1]).post("orders", body, idempotency_key=KEY)
    parcel = api.post("shipments", {"order_id": mine.json()["id"]}, idempotency_key=KEY)
    cancelled = api.post(f"orders/{mine.json()['id']}/cancel", {}, idempotency_key=KEY)
    assert [r.status_code for r in (mine, theirs, parcel, cancelled)] == [201, 201, 201, 200]
    assert mine.json()["id"] != theirs.json()["id"]


def test_two_keys_of_one_merchant_share_what_was_kept(api: ApiClient, merchant: Merchant) -> None:
    body = factories.order_body()
    first = api.post("orders", body, idempotency_key=KEY)
    rotated = ApiClient(create_api_key(merchant, name="rotated")[1])
    assert rotated.post("orders", body, idempotency_key=KEY).content == first.content


class Paused:
    """Holds work at a place until it is told to go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.go_on.wait(10)


def beside(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Start work in a thread with its own connection."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def test_5_while_the_first_is_being_worked_on_the_second_is_told_to_come_back(
    api: ApiClient, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, pause, real = factories.order_body(), Paused(), commands.place_order

    def slowly(*args: Any, **kwargs: Any) -> Any:
        placed = real(*args, **kwargs)
        pause()
        return placed

    monkeypatch.setattr(commands, "place_order", slowly)
    thread, results = beside(lambda: api.post("orders", body, idempotency_key=KEY))
    assert pause.reached.wait(10)
    monkeypatch.setattr(commands, "place_order", real)
    second = ApiClient(api.key).post("orders", body, idempotency_key=KEY)
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_use")
    assert int(second["Retry-After"]) > 0
    pause.go_on.set()
    thread.join(10)
    assert results[0].status_code == 201
    assert ApiClient(api.key).post("orders", body, idempotency_key=KEY).content == results[0].content
    assert orders_and_facts(merchant) == (1, 1)


WRONG: tuple[dict[str, Any], ...] = (
    {"currency": "XXX"},
    {"lines": []},
    {"nonsense": 1},
    {"external_id": ""},
    {"placed_at": "2099-01-01T00:00:00Z"},
)


def test_6_an_error_of_validation_is_not_kept_so_that_the_corrected_body_goes_through(
    api: ApiClient, merchant: Merchant
) -> None:
    body = factories.order_body()
    for wrong in WRONG:
        assert api.post("orders", {**body, **wrong}, idempotency_key=KEY).status_code == 400
        assert kept(merchant) == 0
    assert api.post("orders", body, idempotency_key=KEY).status_code == 201


def test_a_parcel_of_an_order_that_comes_a_moment_later_goes_through_with_the_same_key(
    api: ApiClient, merchant: Merchant
) -> None:
    body = factories.order_body()
    parcel = {"order_external_id": body["external_id"], "tracking_number": "T1"}
    assert api.post("shipments", parcel, idempotency_key=KEY).status_code == 404
    api.post("orders", body)
    assert api.post("shipments", parcel, idempotency_key=KEY).status_code == 201


def test_an_id_of_ours_that_does_not_exist_is_kept(api: ApiClient, merchant: Merchant) -> None:
    path = f"orders/ord_{'0' * 26}/cancel"
    first = api.post(path, idempotency_key=KEY)
    again = api.post(path, idempotency_key=KEY)
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (404, 404, "true")
    assert (again.content, again["Content-Type"]) == (first.content, "application/problem+json")


@pytest.mark.parametrize(
    ("error", "status"), [(ZeroDivisionError("ours"), 500), (OperationalError("gone"), 503)]
)
@pytest.mark.parametrize("after_work", [False, True])
def test_7_a_fault_of_ours_is_not_kept_and_leaves_nothing_behind(
    error: Exception,
    status: int,
    after_work: bool,
    api: ApiClient,
    merchant: Merchant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = commands.place_order

    def fail(*args: Any, **kwargs: Any) -> Any:
        if after_work:
            real(*args, **kwargs)
        raise error

    body = factories.order_body()
    with monkeypatch.context() as broken:
        broken.setattr(commands, "place_order", fail)
        assert api.post("orders", body, idempotency_key=KEY).status_code == status
    assert orders_and_facts(merchant) == (0, 0)
    assert kept(merchant) == 0
    assert api.post("orders", body, idempotency_key=KEY).status_code == 201


def test_8_a_crash_before_the_commit_is_rolled_back_and_the_retry_does_the_work(
    api: ApiClient, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after everything was written: to the database, that is a connection that closes."""
    real = IdempotencyKey.save

    def write_and_die(row: IdempotencyKey, **options: Any) -> None:
        real(row, **options)
        connections["default"].connection.close()
        raise Died

    body = factories.order_body()
    with monkeypatch.context() as crash:
        crash.setattr(IdempotencyKey, "save", write_and_die)
        die_posting(api, body)
    assert orders_and_facts(merchant) == (0, 0)
    assert kept(merchant) == 0
    retried = api.post("orders", body, idempotency_key=KEY)
    assert (retried.status_code, retried.headers.get("Idempotent-Replayed")) == (201, None)
    assert orders_and_facts(merchant) == (1, 1)


class Died(BaseException):
    """Nothing catches this, as nothing catches SIGKILL."""


def die_posting(api: ApiClient, body: Any) -> None:
    def call() -> str:
        with pytest.raises(Died):
            api.post("orders", body, idempotency_key=KEY)
        return "died"

    thread, results = beside(call)
    thread.join(10)
    assert results == ["died"]


def test_9_a_crash_after_the_commit_before_the_answer_is_healed_by_the_retry(
    api: ApiClient, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = orders_api.Orders.once

    def answer_is_lost(self: Any, *args: Any) -> None:
        real(self, *args)
        raise Died

    body = factories.order_body()
    with monkeypatch.context() as crash:
        crash.setattr(orders_api.Orders, "once", answer_is_lost)
        die_posting(api, body)
    assert orders_and_facts(merchant) == (1, 1)
    retried = api.post("orders", body, idempotency_key=KEY)
    assert (retried.status_code, retried["Idempotent-Replayed"]) == (201, "true")
    assert orders_and_facts(merchant) == (1, 1)


def test_after_a_day_the_key_is_forgotten_and_the_request_done_anew(
    api: ApiClient, merchant: Merchant
) -> None:
    body = factories.order_body()
    api.post("orders", body, idempotency_key=KEY)
    with merchant_scope(merchant):
        IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    anew = api.post("orders", body, idempotency_key=KEY)
    assert (anew.status_code, anew.headers.get("Idempotent-Replayed")) == (200, None)
    assert api.post("orders", body, idempotency_key=KEY).content == anew.content
    with merchant_scope(merchant):
        IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    with transaction.atomic():
        assert idempotency.forget_old() == 0
    assert kept(merchant) == 1


def test_a_key_that_cannot_be_one_is_refused(api: ApiClient, merchant: Merchant) -> None:
    for key in ("", "x" * 256, "a\tb", "\x7f", "a\u200bb"):
        response = api.post("orders", factories.order_body(), idempotency_key=key)
        assert (response.status_code, response.json()["code"]) == (400, "invalid_idempotency_key"), key
    assert orders_and_facts(merchant) == (0, 0)


def test_any_printable_key_will_do(api: ApiClient, merchant: Merchant) -> None:
    for key in ("x" * 255, "1", "with spaces", "ünï", "'; DROP TABLE x --"):
        assert api.post("orders", factories.order_body(), idempotency_key=key).status_code == 201, key


def test_reading_takes_no_notice_of_a_key(api: ApiClient, merchant: Merchant) -> None:
    response = api.client.get(
        "/api/v1/orders", headers={"Authorization": f"Bearer {api.key}", "Idempotency-Key": "x" * 999}
    )
    assert response.status_code == 200
    assert kept(merchant) == 0


def test_sixteen_at_the_same_moment_do_it_once(api: ApiClient, merchant: Merchant) -> None:
    body, barrier = factories.order_body(), threading.Barrier(16)

    def call() -> Any:
        barrier.wait(20)
        return ApiClient(api.key).post("orders", body, idempotency_key=KEY)

    running = [beside(call) for _ in range(16)]
    answers = [(thread.join(30), results[0])[1] for thread, results in running]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert orders_and_facts(merchant) == (1, 1)


# --- without a key: one external id ---


@pytest.mark.parametrize("same_shopper", [True, False])
def test_orders_with_one_external_id_at_the_same_moment_are_one_order(
    same_shopper: bool, api: ApiClient, merchant: Merchant
) -> None:
    barrier = threading.Barrier(12)

    def call(number: int) -> Any:
        body = factories.order_body(external_id="one")
        if same_shopper:
            body["customer"]["email"] = "same@example.test"
        barrier.wait(20)
        return ApiClient(api.key).post("orders", body)

    running = [beside(lambda number=number: call(number)) for number in range(12)]
    answers = [(thread.join(30), results[0])[1] for thread, results in running]
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    with merchant_scope(merchant):
        order = Order.objects.get()
        assert order.lines.count() == 2
        assert Incoming.objects.filter(type="order.placed").count() == 1
