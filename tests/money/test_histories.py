"""R22, P8: whatever happens in whatever order, money stays right."""

import os

from merchants.models import Merchant
from tests.money.helpers import assert_books_balance
from tests.money.histories import play

# `HISTORIES=10000 pytest tests/money/test_histories.py` plays more of them.
HISTORIES = int(os.environ.get("HISTORIES", "60"))
SEED = int(os.environ.get("HISTORIES_SEED", "0"))


def test_random_histories_end_where_plain_arithmetic_has_them(merchant: Merchant) -> None:
    for seed in range(SEED, SEED + HISTORIES):
        play(merchant, seed)
    assert_books_balance()
