"""Delivery dates: how far predictions are off on real orders, and what one costs."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import fmean

from benchmarks.harness import Result
from tools.installation import Installation

_ROOT = Path(__file__).resolve().parents[1]
_DATA = Path(os.environ.get("AFTERWARD_SHARED_DATA") or _ROOT.parent / "shared" / "data") / "olist"
# A calm stretch, the weeks before a strike of the carrier, and the weeks after it.
SPANS = (("2017-08-01", "2017-10-01"), ("2018-01-01", "2018-02-01"), ("2018-04-01", "2018-05-01"))


def eta_backtest(installation: Installation) -> Result | None:
    """Mean absolute error at purchase, in days, over the three spans; None where the data is not here.

    raw: the same of the median of the last 30 days by region.
    """
    if not _DATA.exists():
        return None
    ours, lanes = [], []
    for start, end in SPANS:
        files = [f"--{name}={_DATA / file}" for name, file in (
            ("orders", "orders_train.parquet"), ("items", "items_train.parquet"), ("sellers", "sellers.parquet"),
        )]  # fmt: skip
        command = [
            sys.executable,
            "manage.py",
            "eta_backtest",
            *files,
            "--from",
            start,
            "--to",
            end,
            "--json",
        ]
        told = json.loads(subprocess.run(command, cwd=_ROOT, check=True, capture_output=True).stdout)
        print(
            f"  {start} – {end}: {json.dumps({stage: told[stage]['ours'] for stage in ('purchase', 'handover')})}"
        )
        ours.append(told["purchase"]["ours"]["mae"])
        lanes.append(told["purchase"]["lane_30_days"]["mae"])
    value, raw = fmean(ours), fmean(lanes)
    return Result("eta_backtest", value, "days", raw=raw, ratio=value / raw)


def eta_predict(installation: Installation) -> Result | None:
    """CPU of one prediction in ms, and the bytes of the model, learned from all orders; None without the data."""
    if not _DATA.exists():
        return None
    from tracking.eta.threads import one_thread_a_process

    one_thread_a_process()
    from tracking.eta import olist
    from tracking.eta.fitting import fit
    from tracking.eta.model import Model

    pasts = olist.read(
        _DATA / "orders_train.parquet", _DATA / "items_train.parquet", _DATA / "sellers.parquet"
    )
    now = 17_636.0  # 2018-04-15
    packed = fit([past for past in pasts if past.case.at < now], now).pack()
    model, cases = Model.unpack(packed), [past.case for past in pasts if past.case.at >= now][:2000]
    began = time.process_time()
    for case in cases:
        model.predict(case)
    return Result(
        "eta_predict", 1000 * (time.process_time() - began) / len(cases), "ms CPU", bytes=len(packed)
    )
