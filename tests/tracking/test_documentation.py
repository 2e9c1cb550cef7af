"""The pages about carriers and states name every status and every rule's home."""

import re
from pathlib import Path

from orders.models import Stage
from tracking.statuses import SUBSTATUSES, Status

DOCS = Path(__file__).parents[2] / "docs"
_FLAGS = re.compile(
    r"`(?P<code>[a-z]+\.[a-z_]+)`(?P<todo> \*\*!\*\*)?(?P<end> ■)?(?: \((?P<blame>[a-z]+)\))?"
)


def test_the_table_of_statuses_is_the_code() -> None:
    table = (DOCS / "carriers.md").read_text().split("## Statuses and sub-statuses")[1]
    rows = dict(re.findall(r"^\| `([a-z_]+)`.*?\| (.*)\|$", table, re.MULTILINE))
    assert list(rows) == list(Status)
    for status, cell in rows.items():
        named = {match["code"]: match for match in _FLAGS.finditer(cell)}
        assert set(named) == {row.code for row in SUBSTATUSES.values() if row.status == status}
        for code, match in named.items():
            row = SUBSTATUSES[code]
            assert bool(match["todo"]) == row.action_required, code
            assert (match["blame"] or "none") == row.blame.value, code


def test_the_files_and_the_stages_that_are_named_exist() -> None:
    text = (DOCS / "carriers.md").read_text() + (DOCS / "states.md").read_text()
    for name in re.findall(r"`((?:tracking|config|merchants|tests|docs)/[\w/.]+\.(?:py|md|toml))`", text):
        assert (DOCS.parent / name).exists(), name
    stages = re.findall(r"^\| `([a-z_]+)` \|", (DOCS / "states.md").read_text(), re.MULTILINE)
    assert set(stages) == set(Stage)
