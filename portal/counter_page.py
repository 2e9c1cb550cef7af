"""What the pages of a branch's counter show: as little of a shopper as whoever takes goods in has to know."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.ids import public_id
from portal.goods import own_picture
from portal.problem_form import Typed
from portal.site import Site
from returns.counter import CONDITIONS, Counted, may_take
from returns.models import Return, ReturnLine
from returns.shop_models import Branch
from returns.states import Approval, Condition, Logistics

_STATES: Final[dict[str, Promise]] = {
    Condition.GOOD: gettext_lazy("As new"),
    Condition.OPENED: gettext_lazy("Opened"),
    Condition.USED: gettext_lazy("Used"),
    Condition.DAMAGED: gettext_lazy("Damaged"),
    Condition.DEFECTIVE: gettext_lazy("Defective"),
    Condition.WRONG: gettext_lazy("Another item"),
}
GRADES: Final = ("A", "B", "C")


def desk_context(site: Site, branch: Branch, *, code: str = "", missed: bool = False) -> dict[str, Any]:
    """What `portal/counter.html` shows."""
    return {
        "title": branch.name,
        "code": code,
        "missed": missed,
        "action": site.path("b/"),
        "leave_action": site.path("b/leave/"),
    }


def return_context(
    site: Site, branch: Branch, found: Return, typed: Typed, asked: Mapping[str, str]
) -> dict[str, Any]:
    """What `portal/counter_return.html` shows."""
    open_ = may_take(found)
    order = found.order
    return {
        "title": found.number,
        "branch": branch,
        "ret": found,
        "who": f"{order.first_name} {order.last_name[:1]}{'.' if order.last_name else ''}".strip(),
        "may_take": open_,
        "sentence": "" if open_ else _why_not(found),
        "is_in": found.logistics_state
        in (Logistics.RECEIVED, Logistics.PARTLY_RECEIVED, Logistics.INSPECTED),
        "lines": [_line(line, asked) for line in found.lines.all() if line.quantity and not line.keep],
        "typed": typed,
        "unsure": asked.get("unsure") == "1",
        "text": asked.get("text", ""),
        "action": site.path(f"b/returns/{public_id('ret', found.pk)}/"),
        "desk_url": site.path("b/"),
    }


def counted(asked: Mapping[str, str], found: Return) -> tuple[list[Counted], dict[str, str]]:
    """What the form says lies on the counter, and what is wrong with it."""
    lines = []
    for row in found.lines.all():
        text = asked.get(f"came-{row.pk}", "").strip()
        came = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
        grade = asked.get(f"grade-{row.pk}", "")
        condition = asked.get(f"state-{row.pk}", Condition.GOOD)
        if row.quantity and not row.keep and came:
            lines.append(Counted(row.pk, came, condition, grade if grade in GRADES else ""))
    return lines, {} if lines else {"goods": _("Please say how many of each item are here.")}


def _line(line: ReturnLine, asked: Mapping[str, str]) -> dict[str, Any]:
    state = asked.get(f"state-{line.pk}", line.condition or Condition.GOOD)
    return {
        "id": line.pk,
        "title": line.part.title if line.part else line.line.title,
        "variant": line.line.title if line.part else line.line.variant,
        "sku": line.part.sku if line.part else line.line.sku,
        "picture": own_picture(line.line.image_url),
        "quantity": line.quantity,
        "came": asked.get(f"came-{line.pk}", str(line.quantity)),
        "received": line.received,
        "state": _STATES.get(line.condition, ""),
        "grade": line.grade,
        "states": [(value, _STATES[value], value == state) for value in CONDITIONS],
        "grades": [(value, value == asked.get(f"grade-{line.pk}", "")) for value in GRADES],
    }


def _why_not(found: Return) -> str:
    if found.approval_state in (Approval.REJECTED, Approval.CANCELLED):
        return _("This return was cancelled or refused. Do not take anything in.")
    if found.approval_state != Approval.APPROVED:
        return _("This return is not decided yet. Please ask the customer to come back once it is approved.")
    return _("This return is taken in.")
