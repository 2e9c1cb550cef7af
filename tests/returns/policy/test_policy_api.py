"""The return policy over the API: read, put in force, refused with its place."""

from typing import Any

import pytest

from merchants.models import AuditEntry, Merchant
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from returns.policy.models import PolicyVersion
from tests.api_client import ApiClient

RULES: dict[str, Any] = {
    "rules": [
        {"key": "far", "name": "Switzerland", "reads": "return",
         "conditions": [{"field": "country", "op": "is", "values": ["CH"]}],
         "outcome": {"fees": {"flat": "9.90", "by_resolution": {"exchange": {"flat": "0"}}}, "window": "unlimited"}},
    ],
    "standard": {"window": 60, "resolutions": ["refund"]},
}  # fmt: skip


def test_a_policy_is_read_and_put_in_force(merchant: Merchant, api: ApiClient) -> None:
    assert api.get("return-policy").json()["version"] == 0
    put = api.put("return-policy", {"policy": RULES, "based_on": 0, "note": "By our shop"})
    assert put.status_code == 200
    told = api.get("return-policy").json()
    assert (told["version"], told["note"], told["policy"]["standard"]) == (
        1,
        "By our shop",
        RULES["standard"],
    )
    assert told["policy"]["rules"][0]["outcome"]["fees"]["flat"] == "9.90"
    assert api.put("return-policy", {"policy": told["policy"]}).json()["version"] == 1, "the same again"
    late = api.put("return-policy", {"policy": {}, "based_on": 0})
    assert (late.status_code, late.json()["code"]) == (409, "policy_changed")
    with merchant_scope(merchant):
        assert AuditEntry.objects.filter(action="return_policy.saved").count() == 1


@pytest.mark.parametrize(
    ("policy", "status", "param"),
    [
        ({"standard": {"methods": []}}, 422, "standard.methods"),
        ({"rules": [{"key": "a", "name": "A", "outcome": {}}]}, 422, "rules[0].outcome"),
        (
            {"rules": [{"key": "a", "name": "A", "outcome": {"window": -1}}]},
            400,
            "policy.rules[0].outcome.window",
        ),
        ({"rulez": []}, 400, "policy.rulez"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_saved(
    merchant: Merchant, api: ApiClient, policy: dict[str, Any], status: int, param: str
) -> None:
    answer = api.put("return-policy", {"policy": policy})
    assert (answer.status_code, answer.json()["param"]) == (status, param)
    with merchant_scope(merchant):
        assert not PolicyVersion.objects.exists()


def test_it_takes_its_scope_and_shows_nobody_elses(
    merchant: Merchant, api: ApiClient, strangers_api: ApiClient
) -> None:
    api.put("return-policy", {"policy": RULES})
    assert strangers_api.get("return-policy").json()["version"] == 0
    reader = ApiClient(create_api_key(merchant, name="reads", scopes=("returns:read",))[1])
    assert reader.get("return-policy").status_code == 200
    assert reader.put("return-policy", {"policy": {}}).status_code == 403
