"""Reasons for returns in a shop's own words: what shoppers choose, what the figures count, what is refused."""

from typing import Any

from django.test import Client
from django.utils import timezone, translation

from merchants.models import AuditEntry, Merchant
from merchants.scope import merchant_scope
from orders.models import Product
from returns.models import OwnReasons
from returns.reasons import REASONS, known, name_of, offered
from tests.api_client import ApiClient

PAGE = "/app/nordwind/settings/reasons/"


def form(**more: str) -> dict[str, str]:
    """The page as it stands at first, with some fields changed, and two empty rows."""
    data = {"r-TOTAL_FORMS": str(len(REASONS) + 2), "r-INITIAL_FORMS": str(len(REASONS))}
    for number, reason in enumerate(REASONS.values()):
        data |= {f"r-{number}-code": reason.code, f"r-{number}-place": str(number + 1), f"r-{number}-is_on": "on",
                 f"r-{number}-first": str(reason.suggests[0])}  # fmt: skip
        data |= {f"r-{number}-needs_photos": "on"} if reason.needs_photos else {}
        data |= {f"r-{number}-names_fault": "on"} if reason.names_fault else {}
    rest = {f"r-{len(REASONS) + n}-{name}": value for n in (0, 1)
            for name, value in (("first", "exchange"), ("is_on", "on"))}  # fmt: skip
    return {**data, **rest, **more}


def now(merchant: Merchant) -> Any:
    with merchant_scope(Merchant.objects.get(pk=merchant.pk)):
        return {code: (reason.needs_photos, reason.names_fault) for code, reason in known().items()}, [
            reason.code for reason in offered()
        ]


def test_words_order_and_marks_are_the_shops_and_a_reason_is_off_never_gone(
    merchant: Merchant, owner: Client, api: ApiClient
) -> None:
    assert now(merchant)[1] == list(REASONS)
    new = str(len(REASONS))
    changed = form(**{
        "r-0-de": "Zu knapp", "r-0-place": "5", "r-1-needs_photos": "on", "r-3-names_fault": "",
        f"r-{new}-en": "Zip is stiff", f"r-{new}-de": "Reißverschluss hakt", f"r-{new}-place": "1",
        f"r-{new}-is_on": "on", f"r-{new}-names_fault": "on",
    })  # fmt: skip
    del changed["r-8-is_on"]
    assert owner.post(PAGE, changed).status_code == 302
    marks, codes = now(merchant)
    assert codes[:2] == ["zip_is_stiff", "too_big"]
    assert "changed_mind" not in codes
    assert (marks["too_big"], marks["zip_is_stiff"], marks["quality"]) == (
        (True, True),
        (False, True),
        (False, False),
    )
    with merchant_scope(Merchant.objects.get(pk=merchant.pk)):
        assert (name_of("too_small"), name_of("changed_mind"), name_of("gone")) == (
            "Too small",
            "Changed my mind",
            "gone",
        )
        with translation.override("de"):
            assert (name_of("too_small"), name_of("zip_is_stiff")) == ("Zu knapp", "Reißverschluss hakt")
        assert AuditEntry.objects.filter(action="settings.reasons").count() == 1
    told = api.get("return-reasons").json()["data"]
    assert told[0] == {
        "code": "zip_is_stiff", "words": {"en": "Zip is stiff", "de": "Reißverschluss hakt"}, "is_on": True,
        "is_own": True, "needs_photos": False, "names_fault": True, "suggests": ["exchange"], "types": [], "parent": "",
    }  # fmt: skip
    page = owner.get(PAGE).content.decode()
    assert 'value="Zu knapp"' in page


def test_none_left_a_reason_without_a_word_and_a_broken_form_are_refused(
    merchant: Merchant, owner: Client
) -> None:
    none = {name: value for name, value in form().items() if not name.endswith("is_on")}
    new = str(len(REASONS))
    for wrong in (
        none,
        form(**{f"r-{new}-place": "3"}),
        form(**{"r-0-first": "gold"}),
        {"r-TOTAL_FORMS": "x"},
    ):
        assert owner.post(PAGE, wrong).status_code == 422
    with merchant_scope(merchant):
        assert OwnReasons.objects.count() == 0
        OwnReasons.objects.create(
            merchant=merchant, reasons=["?", {"code": 7}], updated_at="2026-11-01T00:00Z"
        )
    assert now(merchant)[1] == list(REASONS)  # what cannot be read is left out


def shoes(merchant: Merchant) -> None:
    with merchant_scope(merchant):
        Product.objects.create(
            merchant=merchant, external_id="p", title="Loafer", product_type="Shoes", created_at=timezone.now(),
            updated_at=timezone.now(),
        )  # fmt: skip


def test_types_and_sub_reasons_are_kept_and_what_is_wrong_with_them_stands_at_the_field(
    merchant: Merchant, owner: Client, api: ApiClient
) -> None:
    shoes(merchant)
    new = str(len(REASONS))
    sole = {
        f"r-{new}-en": "Sole came off",
        f"r-{new}-parent": "quality",
        f"r-{new}-types": "shoes\r\nShoes\r\n",
    }
    for field, value, words in (
        ("types", "Shose", "No product of yours is of the type “Shose”."),
        ("parent", "too_tiny", "Select a valid choice."),
    ):
        page = owner.post(PAGE, form(**sole, **{f"r-0-{field}": value}))
        assert page.status_code == 422
        assert words in page.content.decode()
    everywhere = {f"r-{number}-types": "Shoes" for number in range(len(REASONS))}
    assert owner.post(PAGE, form(**everywhere)).status_code == 422  # a hat could not come back
    assert owner.post(PAGE, form(**sole, **{"r-0-types": "Shoes"})).status_code == 302
    told = {row["code"]: row for row in api.get("return-reasons").json()["data"]}
    assert (told["sole_came_off"]["parent"], told["sole_came_off"]["types"]) == (
        "quality",
        ["shoes", "Shoes"],
    )
    assert list(told).index("sole_came_off") == list(told).index("quality") + 1
    with merchant_scope(Merchant.objects.get(pk=merchant.pk)):
        assert name_of("sole_came_off") == "Quality · Sole came off"
        assert {reason.code for reason in offered()} - {reason.code for reason in offered("hats")} == {
            "too_small", "sole_came_off",
        }  # fmt: skip
        assert offered("SHOES") == offered()
    again = {f"r-{n}-{name}": value for n, row in enumerate(told.values())
             for name, value in {"code": row["code"], "first": "refund", "is_on": "on", "place": str(n + 1),
                                 "en": row["words"]["en"]}.items()}  # fmt: skip
    at = list(told).index("quality")
    again |= {"r-TOTAL_FORMS": str(len(told)), "r-INITIAL_FORMS": str(len(told)), f"r-{at}-parent": "too_big",
              f"r-{at + 1}-parent": "quality"}  # fmt: skip
    page = owner.post(PAGE, again)
    assert page.status_code == 422
    assert "or this one has sub-reasons." in page.content.decode()


def test_the_api_takes_the_list_and_says_which_of_it_is_wrong(merchant: Merchant, api: ApiClient) -> None:
    fit = [
        {"code": "too_big", "parent": "fit"},
        {"code": "fit", "words": {"en": "Does not fit"}, "types": ["Shoes"]},
        {"code": "other", "words": {"de": "Anderes"}},
    ]
    told = api.put("return-reasons", {"data": fit}).json()["data"]
    assert [(row["code"], row["parent"], row["types"], row["is_on"]) for row in told[:4]] == [
        ("fit", "", ["Shoes"], True), ("too_big", "fit", [], True), ("other", "", [], True),
        ("too_small", "", [], False),
    ]  # fmt: skip
    assert told[1]["suggests"] == ["exchange", "instant_exchange", "store_credit"]
    for wrong, code, param in (
        ([*fit, {"code": "x", "words": {"en": "X"}, "parent": "too_big"}], "reason_parent", "data[3].parent"),
        ([*fit, {"code": "quality", "parent": "damaged"}], "reason_parent", "data[3].parent"),
        ([*fit, {"code": "other", "words": {"en": "O"}}], "reason_twice", "data[3].code"),
        ([*fit, {"code": "new"}], "reason_without_words", "data[3].words"),
        (fit[:2], "reasons_off", "data"),
        ([{"code": f"n{n}", "words": {"en": "N"}} for n in range(40)], "too_many_reasons", "data"),
    ):
        answer = api.put("return-reasons", {"data": wrong})
        assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (422, code, param)
    assert api.get("return-reasons").json()["data"] == told
