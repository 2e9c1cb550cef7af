"""Returns, claims and withdrawals as files: nothing that a shopper typed becomes a formula, or another line."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants import commands as merchant_commands
from merchants.models import Merchant
from merchants.scope import merchant_scope
from orders.schemas import LineIn
from returns import commands
from returns.claims import commands as claims
from returns.claims.models import Kind
from returns.claims.pool import cover
from returns.claims.steps import Asked
from returns.requesting import RequestedLine, RequestedReturn
from returns.withdrawal.commands import declare
from returns.withdrawal.models import Source
from returns.withdrawal.steps import Declaration
from tests.api_client import ApiClient
from tests.returns.conftest import delivered, line_ids

FORMULAS = ("=1+1", "+49", "-5", "@SUM(A1)", "\tx", "\rx", "'=x", "\0=1")
HOSTILE = (*FORMULAS, "<script>alert(1)</script>", 'a\r\nb,"c"', "\u202egnp.exe", "\u05d0\u05d1", "w" * 300)
LISTS = ("returns", "claims", "withdrawals")


@pytest.fixture
def affairs(merchant: Merchant) -> Merchant:
    """A return, a claim and a withdrawal with each hostile text."""
    for text in HOSTILE:
        title = text.replace("\0", "")
        order = delivered(
            merchant, lines=[LineIn(title=title, quantity=2, unit_price=9, external_id="L1", sku="S")]
        )
        line = RequestedLine(line_ids(order)["L1"], 1, reason=title[:60], note=text)
        commands.request_return(merchant, order.pk, RequestedReturn([line], method="own"), by="team")
        cover(merchant, order.pk)
        with merchant_scope(merchant):
            parcel = order.shipments.get(inbound=False)
        claims.claim(merchant, order.pk, parcel.pk, Asked(Kind.STOLEN, text=text))
        declare(merchant, Declaration(timezone.now(), Source.FORM, name=text, contract=text, email=text))
    return merchant


def content(answer: Any) -> str:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def test_no_cell_is_a_formula_and_nothing_is_lost(
    affairs: Merchant, api: ApiClient, strangers_api: ApiClient
) -> None:
    for name in LISTS:
        text = content(api.get(f"exports/{name}"))
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert "\0" not in text
        assert len(rows) == len(HOSTILE), name
        assert all(len(row) == len(rows[0]) and None not in row for row in rows), name
        assert [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t\r")] == [], name
        column = {"returns": "lines[].title", "claims": "lines[].title", "withdrawals": "contract"}[name]
        shown = {row[column].lstrip("'").replace("\r\n", "\n") for row in rows}
        assert {"\u202egnp.exe", "\u05d0\u05d1", "<script>alert(1)</script>", "w" * 200}.issubset(
            {word[:200] for word in shown}
        ), name
        lines = content(api.get(f"exports/{name}", format="ndjson")).splitlines()
        assert len([json.loads(line) for line in lines]) == len(HOSTILE)
        assert content(strangers_api.get(f"exports/{name}", format="ndjson")) == ""
        assert api.get(f"exports/{name}", format="xlsx").status_code == 400
    assert content(api.get("exports/returns", kind="warranty", format="ndjson")) == ""


def test_the_lists_of_the_dashboard_lead_to_their_files(affairs: Merchant) -> None:
    member = merchant_commands.add_member(affairs, email="o@nordwind.test", password="lighthouse-9-keeper")
    owner = Client()
    owner.force_login(member.user)
    for name in LISTS:
        page = owner.get(f"/app/nordwind/{name}/?tab=all").content.decode()
        assert f'/export/{name}/?tab=all&amp;format=csv"' in page, name
        text = content(owner.get(f"/app/nordwind/settings/export/{name}/?tab=all&format=csv"))
        assert len(list(csv.DictReader(io.StringIO(text, newline="")))) == len(HOSTILE)
        assert "<script>alert" not in page
