"""Returns in store: a link and a PIN open a branch's counter on a phone, which takes returns in and nothing else."""

import re
from typing import Any

import pytest
from django.test import Client

from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from orders.queries import token_of
from returns.branches import add_branch, remove_branch, renew_branch
from returns.models import Branch, Return, ReturnLine
from returns.queries import by_code
from tests.returns.conftest import delivered
from tests.returns.test_money import ask, look

HERE = "/p/nordwind/b/"


@pytest.fixture
def branch(merchant: Merchant) -> tuple[str, str]:
    """Its link and its PIN."""
    _branch, token, pin = add_branch(
        merchant, "Hamburg", address="Ring 1\n20095 Hamburg", hours="Mo–Sa 10–19"
    )
    return f"{HERE}{token}/", pin


@pytest.fixture
def phone(branch: tuple[str, str]) -> Client:
    """A phone that was let in."""
    client = Client()
    assert client.post(branch[0], {"pin": branch[1]}).status_code == 303
    return client


@pytest.fixture
def ret(merchant: Merchant) -> Return:
    """A return in store of two pieces, approved."""
    return ask(merchant, delivered(merchant), method="store", quantity=2)


def line_of(ret: Return) -> ReturnLine:
    with merchant_scope(ret.merchant):
        return ReturnLine.objects.get(ret=ret)


def path_of(ret: Return) -> str:
    return f"{HERE}returns/{public_id('ret', ret.pk)}/"


def form(ret: Return, came: str = "2", state: str = "good", **more: str) -> dict[str, str]:
    line = line_of(ret)
    return {f"came-{line.pk}": came, f"state-{line.pk}": state, f"grade-{line.pk}": "A", **more}


def test_without_its_pin_nothing_opens_and_guesses_end(
    merchant: Merchant, branch: tuple[str, str], ret: Return
) -> None:
    stranger, (link, pin) = Client(), branch
    wrong = "000000" if pin != "000000" else "111111"
    for method, path in (
        ("get", HERE), ("get", f"{HERE}?code={ret.number}"), ("get", path_of(ret)), ("post", path_of(ret)),
        ("post", HERE + "leave/"),
    ):  # fmt: skip
        answer = getattr(stranger, method)(path, form(ret) if method == "post" else None)
        assert answer.status_code == 403, path
        assert ret.number not in answer.content.decode()
    assert stranger.get(f"{HERE}{'A' * 24}/").status_code == 410
    assert "PIN of the branch" in stranger.get(link).content.decode()
    assert stranger.get(link).cookies == {}
    tries = [stranger.post(link, {"pin": wrong}).status_code for _ in range(6)]
    assert tries == [422] * 5 + [429]
    assert stranger.post(link, {"pin": pin}).status_code == 429
    stranger.cookies["branch"] = "made:up"
    assert stranger.get(HERE).status_code == 403
    assert look(ret).logistics_state == "awaiting"


def test_a_return_is_found_by_its_code_taken_in_with_its_state_once_and_settled(
    merchant: Merchant, phone: Client, ret: Return
) -> None:
    page = phone.get(HERE, {"code": f"https://x.test{HERE}?code={ret.number.lower()}"}).content.decode()
    assert "Sweater" in page
    assert ret.order.email not in page
    assert ret.order.last_name not in page
    answer = phone.post(path_of(ret), form(ret, text="No tag on it."))
    assert (answer.status_code, answer["Location"]) == (303, path_of(ret))
    assert "This return is taken in." in phone.get(path_of(ret)).content.decode()
    row = line_of(ret)
    assert (row.received, row.accepted, row.condition, row.grade, row.disposition) == (
        2,
        2,
        "good",
        "A",
        "restock",
    )
    assert (look(ret).logistics_state, look(ret).money_state) == ("inspected", "pending")
    phone.post(path_of(ret), form(ret))  # a second tap
    assert line_of(ret).received == 2
    with merchant_scope(merchant):
        entries = AuditEntry.objects.filter(actor_kind="branch", actor="Hamburg").values_list(
            "action", flat=True
        )
        assert sorted(entries) == ["refund.requested", "return.inspected", "return.received"]


@pytest.mark.parametrize(
    ("asked", "states", "row"),
    [({"came": "1"}, ("inspected", "pending"), (1, 1)), ({"state": "wrong"}, ("inspected", "none"), (2, 0)),
     ({"unsure": "1", "state": "used"}, ("received", "none"), (2, 0)), ({"came": "0"}, ("awaiting", None), (0, None)),
     ({"came": "3"}, ("awaiting", None), (0, None)), ({"state": "missing"}, ("awaiting", None), (0, None))],
)  # fmt: skip
def test_what_lies_there_decides(
    merchant: Merchant, phone: Client, ret: Return, asked: dict[str, str], states: tuple[str, str], row: Any
) -> None:
    answer = phone.post(path_of(ret), form(ret, **asked))
    assert answer.status_code == (422 if states[0] == "awaiting" else 303)
    now, line = look(ret), line_of(ret)
    assert (now.logistics_state, line.received, line.accepted) == (states[0], *row)
    assert states[1] in (None, now.money_state)


def test_what_is_not_approved_or_another_shops_is_not_taken_in(
    merchant: Merchant, stranger: Merchant, phone: Client, ret: Return
) -> None:
    theirs = ask(stranger, delivered(stranger), method="store")
    assert phone.get(path_of(theirs)).status_code == 404
    assert phone.get(HERE, {"code": "R-nobodys-1"}).status_code == 404
    assert phone.get("/p/sudwind/b/").status_code == 403  # the cookie is not even sent there
    with merchant_scope(merchant):
        Return.objects.update(approval_state="requested", logistics_state="none")
    assert "not decided yet" in phone.get(path_of(ret)).content.decode()
    phone.post(path_of(ret), form(ret))
    assert line_of(ret).received == 0
    foreign = phone.post(path_of(ret), form(ret), headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


def test_a_new_link_or_a_closed_branch_ends_every_phone(
    merchant: Merchant, branch: tuple[str, str], phone: Client
) -> None:
    with merchant_scope(merchant):
        pk = Branch.objects.get().pk
    _branch, token, pin = renew_branch(merchant, pk)
    assert phone.get(HERE).status_code == 403
    assert phone.get(branch[0]).status_code == 410
    assert phone.post(f"{HERE}{token}/", {"pin": pin}).status_code == 303
    assert "Forget this phone" in phone.get(HERE).content.decode()
    phone.post(HERE + "leave/")
    assert phone.get(HERE).status_code == 403
    phone.post(f"{HERE}{token}/", {"pin": pin})
    remove_branch(merchant, pk)
    assert phone.get(HERE).status_code == 403


def test_the_shoppers_page_shows_where_to_go_and_a_code_for_the_counter(
    merchant: Merchant, branch: tuple[str, str], ret: Return
) -> None:
    with merchant_scope(merchant):
        token = token_of(ret.order)
        assert by_code(f"https://x.test{HERE}?code={ret.number}") is not None
    page = Client().get(f"/p/nordwind/o/{token}/returns/{public_id('ret', ret.pk)}/").content.decode()
    assert "20095 Hamburg" in page
    assert re.search(r'class="qr" src="data:image/svg', page)
