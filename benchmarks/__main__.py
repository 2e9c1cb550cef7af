"""`python -m benchmarks [NAME]`: measure everything, or one figure, and write benchmarks/results.json."""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    dashboard,
    dates,
    freshness,
    imports,
    log,
    machine,
    mail,
    messages,
    money,
    orders,
    pages,
    parsing,
    planning,
    policies,
    polling,
    scans,
    watch,
    webhooks,
)
from benchmarks.harness import Result, settle
from tools.installation import Installation

RESULTS = Path(__file__).parent / "results.json"

BENCHMARKS: dict[str, Callable[[Installation], Result | None]] = {
    "order_post": orders.order_post,
    "scan_post": scans.scan_post,
    "scan_post_bulk": scans.scan_post_bulk,
    "log_drain": log.log_drain,
    "log_drain_write": log.log_drain_write,
    "commit_to_effect": log.commit_to_effect,
    "order_to_mail": mail.order_to_mail,
    "messages_rendered": messages.messages_rendered,
    "dry_run": messages.dry_run,
    "webhook_send": webhooks.webhook_send,
    "tracking_page": pages.tracking_page,
    "worker_memory": machine.worker_memory,
    "web_memory": machine.web_memory,
    "migrate_empty": machine.migrate_empty,
    "eta_backtest": dates.eta_backtest,
    "eta_predict": dates.eta_predict,
    "import_orders": imports.import_orders,
    "import_orders_csv": imports.import_orders_csv,
    "dashboard_orders": dashboard.dashboard_orders,
    "dashboard_overview": dashboard.dashboard_overview,
    "dashboard_search": dashboard.dashboard_search,
    "claim_due": polling.claim_due,
    "poll_throughput": polling.poll_throughput,
    "poll_freshness": freshness.poll_freshness,
    "dashboard_watch": watch.dashboard_watch,
    "dashboard_carriers": watch.dashboard_carriers,
    "watch_opening": watch.watch_opening,
    "policy_dry_run": policies.policy_dry_run,
    "planning": planning.planning,
    "ledger_transfers": money.ledger_transfers,
    **parsing.PARSING,
}


def main(wanted: list[str]) -> int:
    """Measure what is wanted (nothing named: all). Returns the exit code."""
    unknown = set(wanted) - set(BENCHMARKS)
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(BENCHMARKS)}.")
        return 2
    folder = Path(tempfile.mkdtemp(prefix="aw-bench-"))
    try:
        with Installation(folder) as installation:
            print("Starting an installation to measure …", flush=True)
            installation.start_servers()
            installation.prepare()
            for name in wanted or BENCHMARKS:
                installation.web.start()
                installation.wait_for_web()
                settle(installation)
                found = BENCHMARKS[name](installation)
                if found is None:
                    print(f"{name:20} skipped: data not here", flush=True)
                    continue
                _keep(found)
                print(_line(found), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _keep(found: Result) -> None:
    """Put one result among those that were measured before, in the order of BENCHMARKS."""
    known = {entry["name"]: entry for entry in json.loads(RESULTS.read_text())} if RESULTS.exists() else {}
    known[found.name] = found.as_json()
    in_order = sorted(known.values(), key=lambda entry: [*BENCHMARKS, entry["name"]].index(entry["name"]))
    RESULTS.write_text(json.dumps(in_order, indent=2) + "\n")


def _line(found: Result) -> str:
    shown = found.as_json()
    head = f"{shown.pop('name'):20} {shown.pop('value'):>10} {shown.pop('unit'):12}"
    return head + "  ".join(f"{key}={value}" for key, value in shown.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
