"""The figures: every one is there, well-formed, and written down in docs/benchmarks.md as it was measured."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, RESULTS, main
from benchmarks.harness import Result, percentile

NAMES = (
    "order_post", "scan_post", "scan_post_bulk", "log_drain", "log_drain_write", "commit_to_effect", "order_to_mail",
    "messages_rendered", "dry_run", "webhook_send", "tracking_page", "worker_memory", "web_memory",
    "migrate_empty",
    "eta_backtest", "eta_predict", "import_orders", "import_orders_csv", "dashboard_orders", "dashboard_overview",
    "dashboard_search", "claim_due", "poll_throughput", "poll_freshness", "dashboard_watch", "dashboard_carriers",
    "watch_opening", "policy_dry_run", "planning", "ledger_transfers",
    "parse_dhl", "parse_ups", "parse_fedex", "parse_usps",
    "parse_royal_mail", "parse_canada_post", "parse_dhl_parcel_de", "parse_dpd", "parse_gls", "parse_easypost",
    "parse_aftership", "parse_shippo", "parse_17track",
)  # fmt: skip
DOCS = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def results() -> dict[str, dict[str, float]]:
    return {entry["name"]: entry for entry in json.loads(RESULTS.read_text())}


def test_every_figure_has_a_benchmark_and_a_result() -> None:
    assert tuple(BENCHMARKS) == NAMES
    assert set(results()) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_well_formed_and_is_shown(name: str) -> None:
    assert f"`{name}`" in DOCS.read_text()
    entry = results()[name]
    assert set(entry) <= set(Result.__dataclass_fields__)
    assert entry["value"] > 0
    if "ratio" in entry:
        assert entry["ratio"] == pytest.approx(entry["value"] / entry["raw"], rel=0.01)


def test_an_unknown_name_is_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["order_post", "order_pots"]) == 2
    assert "There is no benchmark order_pots. There are: order_post," in capsys.readouterr().out


def test_a_percentile_is_a_value_that_was_measured() -> None:
    waits = [float(number) for number in range(100)]
    assert percentile(waits, 50) == 50
    assert percentile(waits, 99) == 99
    assert percentile([7.0], 99) == 7
