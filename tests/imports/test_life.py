"""The life of an import: its mapping is remembered, it is resumed, stopped, undone, forgotten."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from events import due
from events.models import Incoming
from imports import commands
from imports.models import Import, ImportState, RefusedLine
from imports.work import RUN
from merchants.models import AuditEntry, Merchant
from merchants.rest.errors import Conflict, InvalidBody, NotFound
from merchants.scope import merchant_scope
from orders.models import Customer, Order, OrderLine
from tests import factories
from tests.imports.helpers import ORDERS, draft, imported, worked_off

pytestmark = pytest.mark.django_db

OWN_NAMES = "Nr,Kunde,Ware\n1,a@example.test,Hat\n"
MAPPING = {"external_id": "Nr", "customer.email": "Kunde", "lines[].title": "Ware"}


def test_a_mapping_is_remembered_for_the_next_file_with_these_headers(
    merchant: Merchant, stranger: Merchant
) -> None:
    assert imported(merchant, OWN_NAMES, mapping=MAPPING, options={"dates": "mdy"}).created == 1
    again = draft(merchant, OWN_NAMES)
    assert (again.mapping, again.options) == (MAPPING, {"dates": "mdy"})
    assert draft(stranger, OWN_NAMES).mapping != MAPPING


def test_an_import_does_not_start_while_a_needed_column_is_missing(merchant: Merchant) -> None:
    row = draft(merchant, OWN_NAMES)
    commands.map_columns(merchant, row.id, {"external_id": "Nr"}, {})
    with pytest.raises(InvalidBody) as problem:
        commands.start_import(merchant, row.id)
    assert problem.value.param == "mapping.lines[].title"


@pytest.mark.parametrize(
    "mapping", [{"nonsense": "Nr"}, {"external_id": "Nix"}, {"external_id": "Nr", "number": "Nr"}]
)
def test_a_mapping_names_fields_and_headers_that_there_are_once(
    merchant: Merchant, mapping: dict[str, str]
) -> None:
    with pytest.raises(InvalidBody):
        commands.map_columns(merchant, draft(merchant, OWN_NAMES).id, mapping, {})


def test_a_strangers_import_is_not_there(merchant: Merchant, stranger: Merchant) -> None:
    row = draft(merchant, ORDERS)
    with pytest.raises(NotFound):
        commands.start_import(stranger, row.id)


def test_who_started_an_import_stands_in_the_audit_log(merchant: Merchant) -> None:
    imported(merchant, ORDERS)
    with merchant_scope(merchant):
        assert AuditEntry.objects.get(action="import.started").label == "orders: file.csv"


def test_an_undone_import_leaves_what_was_there_and_what_somebody_works_with(merchant: Merchant) -> None:
    factories.order(merchant, external_id="2", email="ben@example.test")
    more = ORDERS + "4,#1004,2024-05-03T10:00:00Z,EUR,dora@example.test,Dora,Berlin,1,L1,Hat,1,1\n"
    done = imported(merchant, more)
    with merchant_scope(merchant):
        factories.shipment(merchant, Order.objects.get(external_id="1"))
    Incoming.objects.all().delete()
    commands.undo_import(merchant, done.id)
    undone = worked_off(merchant, done)
    assert (undone.state, undone.undone) == (ImportState.UNDONE, 2)
    with merchant_scope(merchant):
        assert set(Order.objects.values_list("external_id", flat=True)) == {"1", "2"}
        assert not Customer.objects.filter(email="dora@example.test").exists()
        assert Customer.objects.filter(email="anna@example.test").exists()  # of order 1, which stays
        assert OrderLine.objects.filter(order__external_id__in=["3", "4"]).count() == 0
    told = [fact.data["external_id"] for fact in Incoming.objects.filter(type="order.deleted")]
    assert sorted(told) == ["3", "4"]


def test_only_an_import_of_orders_that_has_ended_is_undone(merchant: Merchant) -> None:
    with pytest.raises(Conflict):
        commands.undo_import(merchant, draft(merchant, ORDERS).id)
    people = imported(merchant, "email\na@example.test\n", "customers")
    with pytest.raises(Conflict):
        commands.undo_import(merchant, people.id)


@pytest.mark.django_db(transaction=True)
def test_a_stopped_import_reads_no_more_and_forgets_its_file(merchant: Merchant, folder: Path) -> None:
    row = draft(merchant, ORDERS)
    commands.start_import(merchant, row.id)
    commands.stop_import(merchant, row.id)
    assert worked_off(merchant, row).state == ImportState.STOPPED
    with merchant_scope(merchant):
        assert not Order.objects.exists()
    assert list(folder.iterdir()) == []


def test_a_draft_that_nobody_starts_is_forgotten_after_a_week(merchant: Merchant, folder: Path) -> None:
    row = draft(merchant, ORDERS)
    assert due.run(RUN) == 0
    with merchant_scope(merchant):
        Import.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        assert row.due_at is not None
        assert row.due_at > timezone.now() + timedelta(days=6)
    due.run(RUN)
    with merchant_scope(merchant):
        assert not Import.objects.exists()
    assert list(folder.iterdir()) == []


def test_a_file_that_is_gone_fails_the_import_in_words(merchant: Merchant, folder: Path) -> None:
    row = draft(merchant, ORDERS)
    commands.start_import(merchant, row.id)
    next(folder.iterdir()).unlink()
    failed = worked_off(merchant, row)
    assert (failed.state, failed.error) == (
        ImportState.FAILED,
        "The file is not in this installation's folder any more.",
    )


def many(count: int) -> str:
    head, *_ = ORDERS.split("\n")
    rows = [
        f"{n},#{n},2024-05-01T10:00:00Z,EUR,a{n}@example.test,Anna,Berlin,10,L{line},Hat,1,{'5' if n % 100 else 'x'}"
        for n in range(count)
        for line in (1, 2)
    ]
    return "\n".join([head, *rows]) + "\n"


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_killed_goes_on_where_it_was_and_stores_everything_once(
    merchant: Merchant, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(many(9000))
    environment = {
        **os.environ,
        "DATABASE_URL": settings.DATABASE_URL.replace("/afterward", f"/{connection.settings_dict['NAME']}"),
        "AFTERWARD_IMPORTS_FOLDER": str(folder),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    command = [sys.executable, "manage.py", "import", "orders", str(file), "--merchant", merchant.slug]
    running = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        wait_until_stored(merchant)
    finally:
        running.send_signal(signal.SIGKILL)
        output, _ = running.communicate()
    with merchant_scope(merchant):
        row = Import.objects.get()
        assert row.state == ImportState.RUNNING, output
        assert 0 < row.read < 9000
        Import.objects.update(due_at=timezone.now())  # as if its lease had ended
    done = worked_off(merchant, row)
    while done.state == ImportState.RUNNING:
        done = worked_off(merchant, row)
    assert (done.state, done.read, done.created, done.refused) == (ImportState.DONE, 9000, 8910, 90)
    with merchant_scope(merchant):
        assert Order.objects.count() == 8910
        assert OrderLine.objects.count() == 8910 * 2
        assert RefusedLine.objects.count() == 180
    assert Incoming.objects.filter(type="order.placed").count() == 8910


def wait_until_stored(merchant: Merchant) -> None:
    for _ in range(600):
        with merchant_scope(merchant):
            if Import.objects.filter(read__gt=0).exists():
                return
        time.sleep(0.05)
    raise AssertionError("nothing was stored")


def test_manage_import_tells_what_became_of_it(
    merchant: Merchant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, report = tmp_path / "o.csv", tmp_path / "report.csv"
    file.write_text(ORDERS.replace("Socks,1", "Socks,one"))
    with pytest.raises(SystemExit) as ended:
        call_command(
            "import", "orders", str(file), "--merchant", merchant.slug, "--json", "--report", str(report)
        )
    assert ended.value.code == 1
    assert '"created": 2' in capsys.readouterr().out
    assert report.read_text().splitlines()[1:] == [
        "4,lines[].quantity,lines[].quantity,“one” is not an amount with a decimal point."
    ]
