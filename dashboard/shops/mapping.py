"""The rows of the mapping editor: a field's name, its path, what it gives on the sample."""

from typing import Any

from dashboard.shops import words
from dashboard.shops.forms import GenericForm, mapping_field
from orders.connectors.generic import NEEDED


def mapping_rows(form: GenericForm) -> list[dict[str, Any]]:
    """All fields under their headings, with what each path gives on the form's sample."""
    tried = form.tried()
    return [
        {
            "words": heading,
            "rows": [
                {
                    "name": name.replace(".", "-"),
                    "label": label,
                    "field": form[mapping_field(name)],
                    "needed": name in NEEDED,
                    "tried": tried.get(name),
                    "errors": _errors(form, name, tried),
                }
                for name, label in fields.items()
            ],
        }
        for heading, fields in words.MAPPING.items()
    ]


def _errors(form: GenericForm, name: str, tried: dict[str, Any]) -> list[str]:
    found = [str(error) for error in form[mapping_field(name)].errors]
    if not found and name in tried and tried[name].error:
        found = [tried[name].error]
    return found
