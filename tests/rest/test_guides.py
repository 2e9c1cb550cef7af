"""The guides for developers: every example in them does what it says, in curl, Python and JavaScript."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from merchants.models import Merchant
from merchants.rest.auth import SCOPES, create_api_key
from merchants.rest.codes import CODES
from merchants.rest.guides import FOLDER, GUIDES, JOURNEYS, LANGUAGES, example
from merchants.sandbox import sandbox_of
from tests import factories
from tracking.carriers.sandbox import JOURNEYS as PLANNED
from tracking.statuses import SUBSTATUSES
from webhooks.signing import new_secret, signed_headers

PATHS = ["/developers/", "/developers/errors", *(f"/developers/{guide.slug}" for guide in GUIDES)]
RUN = {"sh": ["bash", "-euo", "pipefail"], "py": [sys.executable], "mjs": ["node"]}

# What each example prints, in any of the three languages: a pattern for curl's and one for the others' output.
PRINTS = {
    "order": (r'"id":"ord_', r"^ord_\w+ to_ship http"),
    "shipment": (r'"id":"shp_', r"^shp_\w+ info_received"),
    "advance": (r'"status":"in_transit"', r"^SBX-DELIVERED-1042 in_transit"),
    "return": (r'"approval_state":"approved"', r"^R-1042-1 approved awaiting$"),
    "key": (r"^200$", r"^200$"),
    "pages": (r"^#\d+\n#\d+\n#\d+$", r"^#\d+\n#\d+\n#\d+$"),
    "again": (r"201[\s\S]+201[\s\S]+dempotent-[Rr]eplayed: true", r"^201 (None|null)\n201 true$"),
    "mistake": (r'"code":"invalid_field"', r"^mend curency: .+ req_\w+$"),
    "endpoint": (r'"secret":"whsec_', r"^whe_\w+ whsec_"),
    "verify": (r"^genuine$", r"^genuine$"),
    "patience": (r"(?i)^ratelimit-remaining: \d+", r"^RateLimit-Remaining: \d+$"),
    "events": (r'"next_cursor":"\d+"', r"go on at \d+$"),
    "import": (r'"state":"running"', r"^imp_\w+ running$"),
    "history": (r'"placed_at":"2025-11-20T09:15:28Z"', r"^ord_\w+ 2025-11-20T09:15:28Z$"),
}


def test_every_example_is_run_by_the_next_test_and_shown_by_a_guide() -> None:
    assert set(PRINTS) == {path.stem for path in FOLDER.glob("*.py")}
    shown = "".join(path.read_text() for path in (FOLDER.parent / "guides").glob("*.html"))
    assert set(re.findall(r'{% example "(\w+)" %}', shown)) == set(PRINTS)
    assert {path.suffix[1:] for path in FOLDER.iterdir()} == set(LANGUAGES)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_does_what_it_says(language: str, live_server: Any, tmp_path: Path) -> None:
    if not shutil.which(RUN[language][0]):
        pytest.skip(f"{RUN[language][0]} is not installed here")
    sandbox = sandbox_of(factories.merchant())
    for _ in range(3):
        factories.order(sandbox)
    environment = {
        **os.environ, "AFTERWARD_URL": live_server.url, "AFTERWARD_KEY": create_api_key(sandbox, name="g")[1],
        **webhook(tmp_path),
    }  # fmt: skip
    # The list is read before the quick start adds to it.
    for name in ("pages", *(name for name in PRINTS if name != "pages")):
        file = FOLDER / f"{name}.{language}"
        done = subprocess.run(
            [*RUN[language], str(file)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        pattern = PRINTS[name][0 if language == "sh" else 1]
        assert re.search(pattern, done.stdout.strip(), re.MULTILINE), (name, done.stdout)


def webhook(folder: Path) -> dict[str, str]:
    """A webhook as we sign it: its body in `body.json`, the rest as variables."""
    body, secret = b'{"type": "shipment.delivered"}', new_secret()
    (folder / "body.json").write_bytes(body)
    headers = signed_headers("whd_1", int(time.time()), body, [new_secret(), secret])
    values = {name.upper().replace("-", "_"): value for name, value in headers.items()}
    return {**values, "WEBHOOK_SECRET": secret}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_of_a_signature_knows_a_forged_body(language: str, tmp_path: Path) -> None:
    if not shutil.which(RUN[language][0]):
        pytest.skip(f"{RUN[language][0]} is not installed here")
    environment = {**os.environ, **webhook(tmp_path)}
    (tmp_path / "body.json").write_bytes(b'{"type": "order.cancelled"}')
    command = [*RUN[language], str(FOLDER / f"verify.{language}")]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "forged", done.stderr


@pytest.mark.parametrize("path", PATHS)
def test_every_page_stands_in_both_languages_and_under_the_strict_policy(path: str, db: None) -> None:
    for code, _ in settings.LANGUAGES:
        client = Client()
        response = client.get(path, {"lang": code})
        page = response.content.decode()
        assert response.status_code == 200
        assert f'<html lang="{code}">' in page
        assert "unsafe-inline" not in response["Content-Security-Policy"]
        assert " style=" not in page
        assert "<script" not in page
        assert f'<html lang="{code}">' in client.get(path).content.decode()  # it is remembered


def test_what_is_no_guide_is_404_and_a_language_that_is_none_changes_nothing(db: None) -> None:
    assert Client().get("/developers/nonsense").status_code == 404
    response = Client().get("/developers/", {"lang": "xx"})
    assert response.status_code == 200
    assert not response.cookies


def test_pages_link_to_pages_and_anchors_that_there_are(db: None) -> None:
    client = Client()
    pages = {path: client.get(path).content.decode() for path in PATHS}
    targets = {path: set(re.findall(r' id="([^"]+)"', page)) for path, page in pages.items()}
    for path, page in pages.items():
        for link in re.findall(r'href="(/developers/[^"]*)"', page):
            there, _, anchor = link.partition("#")
            if there == "/developers/api/":
                continue
            assert there in pages, (path, link)
            assert not anchor or anchor in targets[there], (path, link)


def test_every_code_of_an_error_has_the_anchor_that_doc_url_names(db: None) -> None:
    page = Client().get("/developers/errors").content.decode()
    assert set(CODES) <= set(re.findall(r' id="([^"]+)"', page))


def test_the_guide_to_keys_names_every_scope(db: None) -> None:
    page = Client().get("/developers/authentication").content.decode()
    assert all(f"<code>{scope}</code>" in page for scope in SCOPES)


def test_the_table_of_numbers_is_what_the_sandbox_does() -> None:
    assert {number for number, _ in JOURNEYS} == {f"SBX-{kind}" for kind in PLANNED}
    for number, statuses in JOURNEYS:
        planned = [
            SUBSTATUSES[what].status.value if what in SUBSTATUSES else what
            for _, what, *_ in PLANNED[number.removeprefix("SBX-")]
        ]
        shown = [status for place, status in enumerate(planned) if status != planned[place - 1] or not place]
        # On its way home a parcel stays "returning" until it is there (tracking.resolve, rule 6).
        if "returning" in shown:
            shown = [*shown[: shown.index("returning") + 1], "returned"]
        assert tuple(shown) == statuses, number


def test_examples_are_shown_as_they_are_run(db: None) -> None:
    page = Client().get("/developers/quick-start").content.decode()
    assert json.dumps("SBX-DELIVERED-1042").replace('"', "&quot;") in page
    assert page.count('<input type="radio"') == 3 * 3
    assert "portal_url" in example("order")["py"]


def test_the_merchants_name_is_nowhere_on_public_pages(merchant: Merchant) -> None:
    for path in PATHS:
        assert merchant.legal_name not in Client().get(path).content.decode()
