"""Short ways to look at what an adapter read."""

import json
from typing import Any

from tests.tracking.carrier_server import Reply
from tracking.carriers.base import Answer, TrackingResult


def reply(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(json.dumps(value).encode(), status, headers)


def result(answer: Answer) -> TrackingResult:
    assert isinstance(answer, TrackingResult), answer
    return answer


def seen(answer: Answer) -> list[str]:
    return [scan.substatus or str(scan.status) for scan in result(answer).scans]
