"""What a dry run found: counts by day, channel and reason, and the newest messages one by one. Bounded in size."""

import heapq
from collections import Counter
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from merchants.ids import public_id
from notifications import planning
from notifications.dry_run.decide import Outcome
from notifications.reasons import sentence

WOULD_SEND = ""


class Seen:
    """Which moments were met already, so that each counts once, as it is told once.

    Two generations of at most `SIZE` each: a moment is met again soon, or not at all. 20 MB at most.
    """

    SIZE = 100_000

    def __init__(self) -> None:
        self._new: set[bytes] = set()
        self._old: set[bytes] = set()

    def add(self, key: bytes) -> bool:
        """Whether it is new."""
        short = key[:12]
        if short in self._new or short in self._old:
            return False
        if len(self._new) >= self.SIZE:
            self._old, self._new = self._new, set()
        self._new.add(short)
        return True


class Report:
    """Fills while the log goes by."""

    def __init__(self, timezone: str, listed: int) -> None:
        self._zone = ZoneInfo(timezone)
        self._listed = listed
        self._seen = Seen()
        self._number = 0
        self._newest: list[tuple[datetime, int, dict[str, Any]]] = []
        self.facts = 0
        self.history = 0
        self.channels: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.days: dict[date, Counter[str]] = {}
        self.conditions: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count one message, unless its moment was counted before."""
        planned = outcome.planned
        address = planning.recipient(planned.order, planned.channel)
        key = planning.once_key(
            planned.order.id,
            planned.shipment_id,
            planned.touchpoint.key,
            planned.moment,
            planned.channel,
            address,
        )
        if not self._seen.add(key):
            return
        reason = str(outcome.reason or WOULD_SEND)
        self.history += outcome.is_history
        self.reasons[reason] += 1
        if not reason:
            self.channels[str(planned.channel)] += 1
        self.days.setdefault(outcome.at.astimezone(self._zone).date(), Counter())[reason] += 1
        for each in planned.plan.get("conditions", ()):
            if not each["holds"]:
                self.conditions[f"{each['field']} {each['op']} {', '.join(each['values'])}"] += 1
        self._list(outcome, address, reason)

    def _list(self, outcome: Outcome, address: str, reason: str) -> None:
        if not self._listed:
            return
        planned, self._number = outcome.planned, self._number + 1
        shown = {
            "order": planned.order.number, "order_id": public_id("ord", planned.order.id),
            "channel": str(planned.channel), "recipient": address, "at": outcome.at.isoformat(),
            "would_send": not reason, "reason": reason, "reason_text": sentence(reason),
        }  # fmt: skip
        entry = (outcome.at, self._number, shown)
        if len(self._newest) < self._listed:
            heapq.heappush(self._newest, entry)
        else:
            heapq.heappushpop(self._newest, entry)

    def as_json(self) -> dict[str, Any]:
        """Counts and the newest messages. Reasons with their sentences, in the active language."""
        skipped = Counter({reason: number for reason, number in self.reasons.items() if reason})
        return {
            "facts": self.facts,
            "from_imported_history": self.history,
            "would_send": self.reasons[WOULD_SEND],
            "by_channel": dict(self.channels),
            "would_skip": skipped.total(),
            "skipped": [
                {"reason": reason, "reason_text": sentence(reason), "number": number}
                for reason, number in skipped.most_common()
            ],
            "conditions_not_met": [
                {"condition": name, "number": number} for name, number in self.conditions.most_common(20)
            ],
            "newest": [shown for _, _, shown in sorted(self._newest, reverse=True)],
        }
