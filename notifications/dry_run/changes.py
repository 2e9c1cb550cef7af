"""A change to how a touchpoint goes out, as a person writes it, for a dry run."""

import json
import re
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from notifications.planner import read_conditions
from notifications.switches import Switch, fault

_DELAY = re.compile(r"^(\d{1,4})\s*([mhd])$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class BadChange(ValueError):
    """A change that cannot be: it says which field, and why."""


def changed(touchpoint: str, switch: Switch, asked: dict[str, Any]) -> Switch:
    """The settings with what was asked for; what is None or "" stays.

    asked: delay ("3d", "2h", "30m", "0m"), at ("10:00"), conditions (JSON: [{"field", "op", "values"}]), channels
    (comma-separated, in order), holdout (percent). Raises BadChange.
    """
    new = replace(switch, is_on=True)
    if delay := asked.get("delay"):
        new = replace(new, delay=_delay(delay))
    if at := asked.get("at"):
        try:
            new = replace(new, at=time.fromisoformat(at))
        except ValueError:
            raise BadChange("at: a time of day is written as 10:00.") from None
    if (written := asked.get("conditions")) not in (None, ""):
        try:
            new = replace(new, conditions=tuple(read_conditions(json.loads(written))))
        except (ValueError, KeyError, TypeError):
            raise BadChange('conditions: a list of {"field": …, "op": …, "values": […]}.') from None
    if channels := asked.get("channels"):
        new = replace(new, channels=tuple(each.strip() for each in channels.split(",") if each.strip()))
    if (holdout := asked.get("holdout")) not in (None, ""):
        new = replace(new, holdout=int(holdout))
    if wrong := fault(touchpoint, new):
        raise BadChange(f"{wrong[0]}: {wrong[1]}")
    return new


def _delay(text: str) -> timedelta:
    match = _DELAY.match(text.strip())
    if not match:
        raise BadChange("delay: written as 30m, 2h or 3d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
