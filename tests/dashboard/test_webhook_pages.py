"""Settings › Webhooks: endpoints, secrets shown once, deliveries, sending again, the tester."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from tests.webhooks import scene
from tests.webhooks.conftest import allow as allow  # a fixture
from tests.webhooks.conftest import receiver as receiver  # a fixture
from tests.webhooks.conftest import send_all, tell
from tests.webhooks.receiver import Receiver, status
from tests.webhooks.scene import Hooks
from webhooks.models import Delivery, Endpoint

ROOT = "/app/nordwind/settings/webhooks/"
VALUES = {"url": "https://shop.example/hook", "description": "Desk", "which": "all", "headers": ""}


@pytest.fixture
def hooks(merchant: Merchant) -> Hooks:
    return scene.build(merchant)


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def test_a_newcomer_adds_an_endpoint_and_sees_its_secret_once(owner: Client, merchant: Merchant) -> None:
    assert "Nobody is told yet" in text_of(owner.get(ROOT))
    answer = owner.post(f"{ROOT}new/", {**VALUES, "headers": "X-Token: s3cret\n\nX-Other: a: b"}, follow=True)
    page = text_of(answer)
    with merchant_scope(merchant):
        endpoint = Endpoint.objects.get()
    assert endpoint.secret in page
    assert endpoint.headers == '{"X-Token": "s3cret", "X-Other": "a: b"}'
    assert "s3cret" not in page
    assert endpoint.secret not in text_of(owner.get(answer.request["PATH_INFO"]))
    assert "Desk" in text_of(owner.get(ROOT))


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"url": "https://169.254.169.254/latest"}, "url", "We cannot send to this address"),
        ({"url": ""}, "url", "This field is required"),
        ({"which": "some"}, "types", "Choose at least one event"),
        ({"which": "some", "types": ["order.eaten"]}, "types", "Select a valid choice"),
        ({"headers": "no colon"}, "headers", "one header a line"),
        ({"headers": "Host: x"}, "headers", "one header a line"),
        ({"headers": "\n".join(f"X-{n}: 1" for n in range(6))}, "headers", "one header a line"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(
    owner: Client, merchant: Merchant, change: dict[str, Any], field: str, says: str
) -> None:
    answer = owner.post(f"{ROOT}new/", {**VALUES, "description": "Kept <b>", **change})
    page = text_of(answer)
    assert answer.status_code == 422
    assert re.search(rf'id="id_{field}_error"[^>]*>[^<]*{says}', page), field
    assert 'value="Kept <b>"' in page
    with merchant_scope(merchant):
        assert not Endpoint.objects.exists()


def test_changing_keeps_headers_that_nobody_sees(owner: Client, merchant: Merchant, hooks: Hooks) -> None:
    url = f"{ROOT}{hooks.ids['endpoint_id']}/"
    page = text_of(owner.get(f"{url}edit/"))
    assert "X-Shop-Token" in page
    assert "s3cret" not in page
    assert re.search(r'value="shipment.shipped"[^>]* checked', page)
    owner.post(f"{url}edit/", {**VALUES, "which": "some", "types": ["order.placed"]})
    with merchant_scope(merchant):
        changed = Endpoint.objects.get(pk=hooks.endpoint.pk)
        assert (changed.url, changed.types) == (VALUES["url"], ["order.placed"])
        assert "s3cret" in changed.headers
        owner.post(f"{url}edit/", {**VALUES, "replace_headers": "on"})
        assert Endpoint.objects.get(pk=hooks.endpoint.pk).headers == "{}"
        assert AuditEntry.objects.filter(action="webhook_endpoint.changed").count() == 2


def test_the_tester_sends_an_event_and_shows_the_answer(
    owner: Client, merchant: Merchant, receiver: Receiver
) -> None:
    owner.post(f"{ROOT}new/", {**VALUES, "url": receiver.url})
    with merchant_scope(merchant):
        id_ = scene.public_id("whe", Endpoint.objects.get().pk)
    answer = owner.post(f"{ROOT}{id_}/test/", follow=True)
    assert 'hx-trigger="load delay:1s"' in text_of(answer)
    assert "It is on its way" in text_of(answer)
    receiver.answer = status(503, b"<b>try later</b>")
    send_all()
    fragment = owner.get(answer.request["PATH_INFO"], headers={"HX-Request": "true", "HX-Target": "delivery"})
    page = fragment.content.decode()
    assert "<html" not in page
    assert "hx-get" not in page
    assert "&lt;b&gt;try later&lt;/b&gt;" in page
    assert "Answered 503" in page


def test_pausing_resuming_a_new_secret_and_deleting(owner: Client, merchant: Merchant, hooks: Hooks) -> None:
    url = f"{ROOT}{hooks.ids['endpoint_id']}/"
    assert "Paused: nothing is sent" in text_of(owner.post(f"{url}pause/", follow=True))
    assert "Paused: nothing is sent" not in text_of(owner.post(f"{url}resume/", follow=True))
    assert "Make a new secret?" in text_of(owner.get(f"{url}rotate/"))
    page = text_of(owner.post(f"{url}rotate/", follow=True))
    with merchant_scope(merchant):
        rotated = Endpoint.objects.get(pk=hooks.endpoint.pk)
    assert rotated.secret != hooks.endpoint.secret
    assert rotated.secret in page
    assert "Both secrets sign until" in page
    assert "Delete this endpoint?" in text_of(owner.get(f"{url}delete/"))
    owner.post(f"{url}delete/")
    assert owner.get(url).status_code == 404
    with merchant_scope(merchant):
        assert Endpoint.objects.count() == 1


def test_deliveries_are_filtered_and_a_failed_one_is_sent_again(
    owner: Client, merchant: Merchant, hooks: Hooks
) -> None:
    log = f"{ROOT}deliveries/"
    everything = text_of(owner.get(log))
    assert everything.count('class="c-key"') == 2
    failed = text_of(
        owner.get(log, {"state": "failed", "endpoint": scene.public_id("whe", hooks.failing.pk)})
    )
    assert failed.count('class="c-key"') == 1
    assert "Answered 422" in failed
    assert "No delivery fits this filter" in text_of(owner.get(log, {"type": "order.placed"}))
    assert "No delivery fits this filter" in text_of(owner.get(log, {"endpoint": "whe_nonsense"}))
    one = f"{log}{hooks.ids['delivery_id']}/"
    page = owner.get(one).content.decode()
    assert "unknown order &lt;script&gt;" in page
    assert "did not answer within 5.0 s" in page
    assert "s3cret" not in page
    owner.post(f"{one}resend/")
    with merchant_scope(merchant):
        again = Delivery.objects.get(pk=hooks.failed.pk)
    assert (again.state, again.tries) == ("pending", 0)
    assert "waits to be sent already" in text_of(owner.post(f"{one}resend/", follow=True))


def test_a_stretch_is_counted_first_and_then_sent_again(
    owner: Client, merchant: Merchant, receiver: Receiver, drain_all: Callable[[], int]
) -> None:
    owner.post(f"{ROOT}new/", {**VALUES, "url": receiver.url})
    tell(merchant, drain_all)
    send_all()
    with merchant_scope(merchant):
        url = f"{ROOT}{scene.public_id('whe', Endpoint.objects.get().pk)}/resend/"
    assert "will be sent again" not in text_of(owner.get(url))
    berlin = timezone.localtime(timezone=timezone.get_fixed_timezone(60))
    given = {
        "start": (berlin - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        "end": (berlin + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M"),
    }
    counted = text_of(owner.get(url, given))
    assert "1 event will be sent again" in counted
    assert "1 event is sent again." in text_of(owner.post(url, given, follow=True))
    send_all()
    assert len(receiver.seen) == 2
    backwards = owner.get(url, {"start": given["end"], "end": given["start"]})
    assert backwards.status_code == 422
    assert "The end lies after the beginning" in text_of(backwards)


def test_a_stranger_gets_the_404_of_what_does_not_exist(
    stranger: Merchant, desk: Callable[..., Client], hooks: Hooks, merchant: Merchant
) -> None:
    client = desk(stranger)
    root = "/app/sudwind/settings/webhooks/"
    endpoint, delivery = hooks.ids["endpoint_id"], hooks.ids["delivery_id"]
    with merchant_scope(merchant):
        before = (
            list(Endpoint.objects.values().order_by("pk")),
            list(Delivery.objects.values().order_by("pk")),
        )
    for path in ("", "edit/", "rotate/", "delete/", "resend/"):
        theirs, nobodys = client.get(f"{root}{endpoint}/{path}"), client.get(f"{root}whe_{'0' * 26}/{path}")
        assert (theirs.status_code, nobodys.status_code) == (404, 404)
    for path in ("edit/", "rotate/", "delete/", "test/", "pause/", "resume/"):
        assert client.post(f"{root}{endpoint}/{path}", VALUES).status_code == 404
    assert client.get(f"{root}deliveries/{delivery}/").status_code == 404
    assert client.post(f"{root}deliveries/{delivery}/resend/").status_code == 404
    with merchant_scope(merchant):
        after = list(Endpoint.objects.values().order_by("pk")), list(Delivery.objects.values().order_by("pk"))
    assert before == after


def test_long_logs_load_more_and_cost_the_same(
    owner: Client, merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    hooks = scene.build(merchant, many=60)
    for address in (f"{ROOT}deliveries/", f"{ROOT}{hooks.ids['endpoint_id']}/", ROOT):
        with django_assert_max_num_queries(9):
            page = text_of(owner.get(address))
    page = text_of(owner.get(f"{ROOT}deliveries/"))
    (more,) = re.findall(r'hx-get="(\?[^"]+)"', page)  # not the search's
    rows = owner.get(
        f"{ROOT}deliveries/{more}", headers={"HX-Request": "true", "HX-Target": "more"}
    ).content.decode()
    assert "<html" not in rows
    assert rows.count('class="c-key"') == 12
