"""The backtest: what it may know, what it prints, and that lanes are learned from a small made-up history."""

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from math import exp, inf, isnan, log
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from django.core.management import CommandError, call_command
from pyarrow import parquet

from tracking.eta import backtest, olist, pace
from tracking.eta.calibration import Error, quantile
from tracking.eta.cases import Case, Past, Stage
from tracking.eta.features import NAMES, features
from tracking.eta.fitting import Learner, Settings, fit
from tracking.eta.lanes import Lanes, chains
from tracking.eta.model import Model
from tracking.eta.pace import Parcels, Spread

_BEGIN = 17_000.0
_FEW = Settings(trees=8, leaves=6)


def made_up(days: int = 200, a_day: int = 9, seed: int = 7) -> list[Past]:
    """Parcels to two regions: to A in about 3 days, to B in about 9; both stages."""
    chance = random.Random(seed)
    found = []
    for number in range(days * a_day):
        at = _BEGIN + number / a_day
        region = chance.choice("AB")
        shipped = at + 1 + chance.random()
        delivered = shipped + {"A": 3.0, "B": 9.0}[region] * exp(chance.gauss(0, 0.25))
        for stage, now in ((Stage.PURCHASE, at), (Stage.HANDOVER, shipped)):
            case = Case(
                stage, now, at, origin="x", origin_country="DE", country="DE", region=region, promise=15.0
            )
            found.append(Past(case, delivered, shipped))
    return found


@pytest.fixture(scope="module")
def pasts() -> list[Past]:
    return made_up()


@pytest.fixture(scope="module")
def model(pasts: list[Past]) -> Model:
    return fit(pasts, _BEGIN + 200, _FEW)


def _case(region: str, stage: Stage = Stage.HANDOVER) -> Case:
    at = _BEGIN + 200.3
    return Case(stage, at, at, origin="x", origin_country="DE", country="DE", region=region, promise=15.0)


def test_lanes_are_learned(model: Model) -> None:
    near, far = model.predict(_case("A")), model.predict(_case("B"))
    assert near is not None
    assert far is not None
    assert near.p50 == pytest.approx(3, abs=0.6)
    assert far.p50 == pytest.approx(9, abs=1.5)


def test_quantiles_are_in_order_for_any_case(model: Model) -> None:
    chance = random.Random(3)
    for _ in range(200):
        case = _case(chance.choice("ABCD"), chance.choice([Stage.PURCHASE, Stage.HANDOVER]))
        case.price, case.postcode = chance.uniform(0, 1000), str(chance.randrange(100_000))
        said = model.predict(case)
        assert said is not None
        assert 0 < said.p10 <= said.p50 <= said.p90


def test_the_window_covers_what_it_says(pasts: list[Past]) -> None:
    told = backtest.run(pasts, _BEGIN + 150, _BEGIN + 185, _FEW)[Stage.HANDOVER]["ours"]
    assert 0.72 <= told["coverage"] <= 0.88
    assert told["width"] < 5


def test_a_packed_model_says_the_same(model: Model) -> None:
    again = Model.unpack(model.pack())
    for region in "ABZ":
        before, after = model.predict(_case(region)), again.predict(_case(region))
        assert before is not None
        assert after is not None
        assert after.p50 == pytest.approx(before.p50, rel=0.01)
    assert len(model.pack()) < 40_000


def test_our_trees_say_what_scikit_learns_say(pasts: list[Past]) -> None:
    learner = Learner(pasts, Stage.HANDOVER, _BEGIN + 200, _FEW)
    stage = learner.model(_BEGIN + 200)
    for index, trees in enumerate(learner._grown_for(_BEGIN + 200).trees):
        for row, theirs in zip(learner.rows[:50].tolist(), trees.predict(learner.rows[:50]), strict=True):
            assert stage.forests[index].predict(row) == pytest.approx(theirs, abs=1e-5)


def test_what_happened_later_changes_nothing(pasts: list[Past]) -> None:
    now = _BEGIN + 120
    later = [Past(p.case, p.delivered if p.delivered < now else p.delivered + 50, p.shipped) for p in pasts]
    first, second = (
        Learner(pasts, Stage.PURCHASE, now, _FEW).model(now),
        Learner(later, Stage.PURCHASE, now, _FEW).model(now),
    )
    case = _case("B", Stage.PURCHASE)
    assert Model({Stage.PURCHASE: first}).predict(case) == Model({Stage.PURCHASE: second}).predict(case)


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.8])
def test_the_pace_is_seen_within_days_though_most_are_still_under_way(factor: float) -> None:
    """All parcels that are under way from one day on take longer, or shorter: a week later the level says so."""
    chance = np.random.default_rng(4)
    began = np.sort(chance.uniform(0, 200, 4000))
    errors = chance.normal(0, 0.4, 4000)
    came = began + 8 * np.exp(errors)
    late = came > 193
    came[late] = np.maximum(193, began[late]) + (came - np.maximum(193, began))[late] * factor
    spread = Spread.of(np.sort(errors[:2000]), lost=0.0)
    parcels = Parcels(np.full(4000, log(8)), began, came)
    seen, count = pace.observed(spread, parcels, 200.0, 7.0)
    assert count > 50
    assert seen == pytest.approx(log(factor), abs=0.25)
    assert abs(pace.observed(spread, parcels, 193.0, 28.0)[0]) < 0.1
    told = pace.level(spread, parcels, 200.0, usual=0.0)
    assert abs(told) < abs(seen) + 0.05  # followed, but not all of the way


def test_lost_parcels_do_not_make_the_others_slow() -> None:
    chance = np.random.default_rng(4)
    began = np.sort(chance.uniform(0, 200, 4000))
    errors = chance.normal(0, 0.4, 4000)
    came = np.where(chance.random(4000) < 0.1, inf, began + 8 * np.exp(errors))
    parcels = Parcels(np.full(4000, log(8)), began, came)
    assert abs(pace.observed(Spread.of(errors, lost=0.1), parcels, 200.0, 28.0)[0]) < 0.05


def test_lanes_differ_by_as_much_when_all_become_slower() -> None:
    lanes = Lanes()
    for week in range(8):
        slow = 1 + week % 2
        pasts = [
            Past(replace(_case(region), at=0.0, placed=0.0), days * slow) for region, days in (("A", 3.0), ("B", 9.0))
            for _ in range(30)
        ]  # fmt: skip
        lanes.learn(Stage.HANDOVER, pasts, [])
    near, far = (lanes.look_up(lanes.ways, chains(_case(region))["lane"])[0] for region in "AB")
    assert far - near == pytest.approx(log(3), abs=0.15)


def test_without_much_history_the_lanes_own_quantiles_count() -> None:
    few = fit(made_up(days=60, a_day=3), _BEGIN + 60)
    stage = few.stages[Stage.HANDOVER]
    said = few.predict(_case("A"))
    assert not stage.forests
    assert said is not None
    assert said.p10 < said.p50 < said.p90


def test_without_history_nothing_is_said() -> None:
    assert fit(made_up(days=3), _BEGIN + 3).predict(_case("A")) is None


def test_a_feature_for_each_name(pasts: list[Past]) -> None:
    row = features(_case("A"), Learner(pasts, Stage.HANDOVER, _BEGIN + 100, _FEW).lanes_of(0))
    assert len(row) == len(NAMES)
    assert not isnan(row[0])


@pytest.mark.parametrize(
    ("errors", "level", "wanted"),
    [
        ([Error(n, True) for n in range(1, 11)], 0.5, 5),
        ([Error(n, True) for n in range(1, 11)], 0.9, 9),
        # Two of four are still under way: they count as later, not as lost.
        ([Error(1, True), Error(2, True), Error(2.5, False), Error(2.6, False)], 0.5, 2),
        # Open from early on, they say little: what is left decides.
        ([Error(0.1, False), Error(0.2, False), Error(1, True), Error(2, True)], 0.5, 1),
        ([Error(1, False)], 0.5, None),
    ],
)
def test_open_parcels_count_for_as_long_as_they_are_open(
    errors: list[Error], level: float, wanted: float | None
) -> None:
    assert quantile(errors, level) == wanted


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Made-up orders in the data set's columns: nothing of it is copied."""
    folder = tmp_path_factory.mktemp("olist")
    chance = random.Random(5)
    begin = datetime(2020, 1, 1)
    orders: list[dict[str, Any]] = []
    items: list[dict[str, Any]] = []
    for number in range(900):
        placed = begin + timedelta(hours=4 * number)
        shipped = placed + timedelta(days=1)
        open_ = number % 30 == 0
        orders.append({
            "order_id": f"o{number}", "order_status": "shipped" if open_ else "delivered",
            "order_purchase_timestamp": placed, "order_delivered_carrier_date": shipped,
            "order_delivered_customer_date": None if open_ else shipped + timedelta(days=chance.uniform(2, 6)),
            "order_estimated_delivery_date": placed + timedelta(days=20),
            "customer_zip_code_prefix": 1000 + number % 50, "customer_state": "SP",
        })  # fmt: skip
        items.append({
            "order_id": f"o{number}", "order_item_id": 1, "seller_id": f"s{number % 3}",
            "shipping_limit_date": str(placed + timedelta(days=2)), "price": 10.0, "freight_value": 3.0,
        })  # fmt: skip
    sellers = [
        {"seller_id": f"s{n}", "seller_zip_code_prefix": 2000 + n, "seller_state": "RJ"} for n in range(3)
    ]
    found = {}
    for name, rows in (("orders", orders), ("items", items), ("sellers", sellers)):
        found[name] = folder / f"{name}.parquet"
        parquet.write_table(pa.Table.from_pylist(rows), found[name])
    return found


def test_the_command_measures_files_without_a_database(files: dict[str, Path]) -> None:
    out = StringIO()
    call_command(
        "eta_backtest", start=date(2020, 4, 20), end=date(2020, 5, 10), json=True, stdout=out, **files
    )
    told = json.loads(out.getvalue())
    for stage in ("purchase", "handover"):
        for name in ("ours", "promise", "lane_before", "lane_30_days"):
            assert {"mae", "median_error", "coverage", "width", "pinball"} <= told[stage][name].keys()
        assert told[stage]["ours"]["mae"] < 1.6
        assert 0.6 <= told[stage]["ours"]["coverage"] <= 0.95
    assert told["purchase"]["orders"] == 116  # those placed in the span and delivered


def test_the_files_are_read_with_leading_zeros_and_open_ends(files: dict[str, Path]) -> None:
    pasts = olist.read(files["orders"], files["items"], files["sellers"])
    first = pasts[0]
    assert first.case.postcode == "01000"
    assert first.delivered == inf
    assert first.case.at == datetime(2020, 1, 1, tzinfo=UTC).timestamp() / 86400
    assert first.case.promise == 20


def test_a_missing_file_is_named(files: dict[str, Path]) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command(
            "eta_backtest", orders=Path("nowhere.parquet"), items=files["items"], sellers=files["sellers"],
            start=date(2020, 4, 20), end=date(2020, 5, 10), stdout=StringIO(),
        )  # fmt: skip
