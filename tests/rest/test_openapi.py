"""The description of the API: in step, whole, and true to what is answered."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from merchants.rest.codes import CODES
from merchants.rest.developers import described
from tests.api_client import ApiClient
from tests.rest.routes import routes

REPO = Path(__file__).resolve().parents[2]
CHECKED_IN = REPO / "docs" / "openapi.yaml"
# What is answered as a file.
FILES = {
    "/api/v1/returns/{return_id}/photos/{picture_id}": {"image/jpeg"},
    "/api/v1/returns/{return_id}/label": {"application/pdf", "image/png"},
    "/api/v1/returns/{return_id}/packing-slip": {"application/pdf"},
}


@pytest.fixture(scope="module")
def api_doc() -> dict[str, Any]:
    return json.loads(described(as_json=True))


def test_the_description_is_made_without_a_warning_and_is_valid(tmp_path: Path) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "openapi.yaml"))


def test_the_checked_in_description_is_in_step() -> None:
    assert CHECKED_IN.read_text() == described(as_json=False).decode(), (
        "run: manage.py spectacular --file docs/openapi.yaml"
    )


def test_every_route_and_method_is_described_with_its_scope_and_its_problems(api_doc: dict[str, Any]) -> None:
    found = {
        (path, method.upper()): operation["security"]
        for path, methods in api_doc["paths"].items()
        for method, operation in methods.items()
    }
    expected = {
        ("/api/v1/" + route.path.replace("<str:", "{").replace(">", "}"), method): [{"ApiKey": [scope]}]
        for route in routes()
        for method, scope in route.view.scopes.items()
    }
    assert found == expected
    for path, methods in api_doc["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (path, method)
            assert {"400", "401", "403", "429", "503"} <= set(operation["responses"]), (path, method)
            headers = [p["name"] for p in operation.get("parameters", []) if p["in"] == "header"]
            conditional = method == "get" and "/exports/" not in path  # A file is written anew each time.
            assert headers == (["If-None-Match"] if conditional else ["Idempotency-Key"] * (method != "get"))
            assert ("304" in operation["responses"]) == conditional
            for status, answer in operation["responses"].items():
                if status == "304":
                    assert "content" not in answer
                    continue
                if "/exports/" in path and status == "200":
                    assert set(answer["content"]) == {"text/csv", "application/x-ndjson"}
                    continue
                if path in FILES and (method, status) == ("get", "200"):
                    assert set(answer["content"]) == FILES[path]
                    continue
                (kind,) = answer["content"]
                assert kind == ("application/json" if status < "300" else "application/problem+json")


def test_every_parameter_that_narrows_a_list_is_described(api_doc: dict[str, Any]) -> None:
    for path in ("orders", "customers", "products", "shipments", "scans", "events", "messages"):
        parameters = api_doc["paths"][f"/api/v1/{path}"]["get"]["parameters"]
        named = {p["name"] for p in parameters if p["in"] == "query"}
        assert {"limit", "cursor"} <= named
        apps = {"orders": "orders", "customers": "orders", "events": "events", "messages": "notifications"}
        source = (REPO / apps.get(path, "tracking") / "api.py").read_text()
        if path == "products":
            source = (REPO / "orders" / "products_api.py").read_text()
        assert all(f'"{name}"' in source for name in named - {"limit", "cursor"})


def check(api_doc: dict[str, Any], path: str, method: str, response: Any) -> None:
    """The response is what the description says of this operation."""
    (content,) = api_doc["paths"][path][method]["responses"][str(response.status_code)]["content"].values()
    document = {**content["schema"], "components": api_doc["components"]}
    validator = jsonschema.Draft202012Validator(document, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in validator.iter_errors(response.json())] == []


def test_the_examples_go_through_and_all_answers_are_as_described(
    api_doc: dict[str, Any], api: ApiClient, drain_all: Any
) -> None:
    for name in ("orders", "products", "shipments", "scans"):
        path = f"/api/v1/{name}"
        examples = api_doc["paths"][path]["post"]["requestBody"]["content"]["application/json"]["examples"]
        assert examples
        for example in examples.values():
            response = api.post(name, example["value"])
            assert response.status_code in (200, 201), response.content
            check(api_doc, path, "post", response)
        check(api_doc, path, "post", api.post(name, {"nonsense": True}))
    drain_all()
    order = api.get("orders").json()["data"][0]
    shipment = api.get("shipments").json()["data"][0]
    for name, query in (
        ("orders", {}), ("customers", {}), ("products", {}), ("shipments", {}), ("messages", {}), ("events", {}),
        ("scans", {"shipment_id": shipment["id"]}), ("orders", {"limit": "0"}),
    ):  # fmt: skip
        response = api.get(name, **query)
        assert query or response.json()["data"], name
        check(api_doc, f"/api/v1/{name}", "get", response)
    for name, id_ in (
        ("order", order["id"]),
        ("customer", order["customer_id"]),
        ("shipment", shipment["id"]),
    ):
        check(api_doc, f"/api/v1/{name}s/{{{name}_id}}", "get", api.get(f"{name}s/{id_}"))
        check(api_doc, f"/api/v1/{name}s/{{{name}_id}}", "get", api.get(f"{name}s/none"))
    message = api.get("messages").json()["data"][0]
    check(api_doc, "/api/v1/messages/{message_id}", "get", api.get(f"messages/{message['id']}"))


# --- the pages ---


def test_the_description_is_public_as_yaml_and_as_json(db: None) -> None:
    client = Client()
    as_yaml, as_json = client.get("/api/v1/schema"), client.get("/api/v1/schema", {"format": "json"})
    assert (as_yaml.status_code, as_json.status_code) == (200, 200)
    assert yaml.safe_load(as_yaml.content) == as_json.json()
    assert "public" in as_yaml["Cache-Control"]


def test_the_reference_brings_its_own_policy_and_nothing_from_elsewhere(db: None) -> None:
    response = Client().get("/developers/api/")
    policy = response["Content-Security-Policy"]
    assert response.status_code == 200
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "worker-src 'self' blob:" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe-eval" not in policy
    nonce = policy.split("'nonce-")[1].split("'")[0]
    page = response.content.decode()
    assert page.count(f'nonce="{nonce}"') == page.count("<script") == 2
    assert "https://" not in page


def test_every_error_has_its_line(db: None) -> None:
    response = Client().get("/developers/errors")
    page = response.content.decode()
    assert response.status_code == 200
    assert "unsafe-inline" not in response["Content-Security-Policy"]
    for code in CODES:
        assert f'id="{code}"' in page
    assert "`" not in page
    assert "<code>lines[0].quantity</code>" in page
