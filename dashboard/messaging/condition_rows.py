"""Conditions in a form: a row each and an empty one, so that it works without JavaScript."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard.messaging.sentences import OPS, YES, Names, value
from notifications import conditions
from notifications.conditions import FIELDS, Condition, Kind, Needs, Op

_FAULTS: dict[str, Promise] = {
    "unknown_field": _("This cannot be asked."),
    "unknown_op": _("This cannot be compared so."),
    "no_value": _("Write at least one value."),
    "too_many_values": _("At most 50 values, and none that is so long."),
    "not_a_number": _("Write one number."),
    "unknown_value": _("There is no such value."),
}


@dataclass
class Row:
    """One condition as it was typed, with what is wrong with it."""

    field: str = ""
    op: str = Op.IS.value
    values: str = ""
    error: str | Promise = ""


def rows_of(asked: Iterable[Condition], called: Names) -> list[Row]:
    """Conditions, to be changed."""
    return [
        Row(
            each.field,
            each.op.value,
            ", ".join(value_typed(each.field, text, called) for text in each.values),
        )
        for each in asked
    ]


def value_typed(field: str, text: str, called: Names) -> str:
    """A value as it stands in a field: a country as its code, anything else as it is called."""
    return text if field == "country" else value(field, text, called)


def posted(data: QueryDict, prefix: str) -> list[Row]:
    """The rows of a form that say something."""
    columns = [
        data.getlist(f"{prefix}-{name}")[: conditions.MOST_CONDITIONS + 1]
        for name in ("field", "op", "values")
    ]
    rows = [Row(field.strip(), op, values.strip()) for field, op, values in zip(*columns, strict=False)]
    return [row for row in rows if row.field]


def read(rows: Sequence[Row], called: Names) -> tuple[Condition, ...]:
    """The conditions that rows say. What is wrong is noted in its row; then the answer is not to be used."""
    found = []
    for row in rows:
        op = Op(row.op) if row.op in list(Op) else Op.IS
        values = tuple(
            _meant(row.field, text.strip(), called) for text in row.values.split(",") if text.strip()
        )
        asked = Condition(row.field, op, values)
        if code := conditions.fault(asked):
            row.error = _FAULTS.get(code, code)
        found.append(asked)
    return tuple(found)


def _meant(field: str, typed: str, called: Names) -> str:
    """The code of what somebody wrote, by its code or by its name; what was written when there is none."""
    folded = conditions.folded(typed)
    known = FIELDS.get(field)
    if field == "country":
        return typed.upper()
    if known and known.kind == Kind.YES:
        return next(
            (code for code, text in YES.items() if folded in (code, conditions.folded(str(text)))), typed
        )
    by_name = {conditions.folded(text): code for code, text in called.get(field, {}).items()}
    return by_name.get(folded, typed)


def shown(prefix: str, rows: Sequence[Row], called: Names, *, of_run: bool = False) -> dict[str, Any]:
    """What the template needs: the rows and an empty one. of_run: also what only runs of flows know."""
    fields = [each for each in FIELDS.values() if of_run or each.needs != Needs.RUN]
    known = [Row(), ] if len(rows) < conditions.MOST_CONDITIONS else []  # fmt: skip
    return {
        "prefix": prefix,
        "rows": [*rows, *known],
        "fields": [(each.key, each.label) for each in fields],
        "ops": [(str(op), text) for op, text in OPS.items()],
        "hints": [
            (each.label, ", ".join(called[each.key].values()))
            for each in fields
            if each.key in called and each.key != "carrier"
        ],
    }
