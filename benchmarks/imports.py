"""An import of orders with three lines each, beside COPY of the very same rows into the same tables."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from benchmarks.harness import Result, settle, watched
from benchmarks.orders import order_body
from tools.installation import Installation

# BENCH_IMPORT_ORDERS=1000000 make bench ONLY=import_orders
COUNT = int(os.environ.get("BENCH_IMPORT_ORDERS", "100000"))
TABLES = ("orders_customer", "orders_order", "orders_orderline", "events_incoming")
_PIECE = 1 << 16


def import_orders(installation: Installation) -> Result:
    """Orders a second by `manage.py import` from NDJSON, with the peak of its memory."""
    return _measure(installation, "import_orders", "ndjson")


def import_orders_csv(installation: Installation) -> Result:
    """The same from a CSV with a row for each line."""
    return _measure(installation, "import_orders_csv", "csv")


def _measure(installation: Installation, name: str, kind: str) -> Result:
    for program in (installation.worker, installation.beat, installation.web):
        program.stop()
    _empty(installation)
    file = installation.folder / f"orders.{kind}"
    with file.open("wb") as out:
        out.writelines(_csv(COUNT) if kind == "csv" else _ndjson(COUNT))
    settle(installation)
    seconds, peak = _import(installation, file)
    limit = _copy_seconds(installation)
    file.unlink()
    found = Result(name, COUNT / seconds, "orders/s", raw=COUNT / limit, ratio=limit / seconds)
    found.peak_mb = peak
    return found


def _import(installation: Installation, file: Path) -> tuple[float, float]:
    """How long the import takes, from the start of the process to its end, and its peak of memory in MB."""
    arguments = ["manage.py", "import", "orders", str(file), "--merchant", "nordwind", "--json"]
    seconds, peak, printed = watched(installation, "import", arguments)
    last = json.loads(printed.splitlines()[-1])
    if last["state"] != "done" or last["created"] != COUNT:
        raise RuntimeError(f"the import did not store all: {last}")
    return seconds, peak


def import_many(installation: Installation) -> None:
    """Empty the tables, and bring in COUNT orders whose facts stand in the log: what other figures stand on."""
    for program in (installation.worker, installation.beat, installation.web):
        program.stop()
    _empty(installation)
    file = installation.folder / "orders.ndjson"
    with file.open("wb") as out:
        out.writelines(_ndjson(COUNT))
    _import(installation, file)
    file.unlink()
    installation.manage("drain")
    settle(installation)


def _copy_seconds(installation: Installation) -> float:
    """How long COPY takes for the rows that the import has stored, read from files, on one connection."""
    files = {table: installation.folder / f"{table}.copy" for table in TABLES}
    with installation.connect() as connection:
        connection.execute("SET statement_timeout = 0")
        for table, path in files.items():
            with path.open("wb") as out, connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                out.writelines(copy)
    _empty(installation)
    settle(installation)
    began = time.monotonic()
    with psycopg.connect(installation.database_url) as connection:
        connection.execute("SET statement_timeout = 0")
        for table, path in files.items():
            with path.open("rb") as file, connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                while piece := file.read(_PIECE):
                    copy.write(piece)
    seconds = time.monotonic() - began
    for path in files.values():
        path.unlink()
    return seconds


def _empty(installation: Installation) -> None:
    with installation.connect() as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("TRUNCATE orders_customer, events_incoming CASCADE")


def _ndjson(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield json.dumps(order_body(f"e{number:07}")).encode() + b"\n"


def _csv(count: int) -> Iterator[bytes]:
    yield (
        b"external_id,number,currency,customer.external_id,customer.email,customer.first_name,customer.last_name,"
        b"customer.phone,customer.locale,shipping_address.name,shipping_address.address1,shipping_address.city,"
        b"shipping_address.postcode,shipping_address.country,shipping,lines[].external_id,lines[].sku,lines[].title,"
        b"lines[].variant,lines[].quantity,lines[].unit_price,lines[].image_url\n"
    )
    for order in range(count):
        name = f"e{order:07}"
        head = (
            f"{name},#{name},EUR,c-{name},anna.{name}@example.test,Anna,Weber,+4915112345678,de,Anna Weber,Ring 5,"
            "Berlin,10115,DE,4.90"
        )
        for line in (1, 2, 3):
            yield (
                f"{head},L{line},FWS-{line},Fjord Wool Sweater,Petrol / M,{line},89.00,"
                "https://cdn.nordwind.test/fws.jpg\n"
            ).encode()
