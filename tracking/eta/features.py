"""The numbers that the trees look at. One function for learning and for predicting, so that both see the same."""

from math import log, nan
from typing import Final

from tracking.eta.cases import Case
from tracking.eta.lanes import Lanes, chains, promised_days
from tracking.statuses import Status

NAMES: Final = (
    "lane", "lane_count", "origin_lane", "served_lane", "packing",
    "promise", "dispatch_by", "weekday", "hour", "postcode", "origin_postcode", "shipping", "price", "pieces",
    "same_region", "abroad", "since_placed", "since_shipped", "status", "attempts", "scans", "is_near",
    "origin_days_off", "days_off",
)  # fmt: skip
_STATUSES: Final = {str(status): float(number) for number, status in enumerate(Status)}


def features(case: Case, lanes: Lanes) -> list[float]:
    """One number for each of NAMES, nan for what is not known.

    None of them tells which week it is, as the level of all lanes would: of a week that is not over yet only the fast
    parcels are known, and trees would learn that it was a fast week. So a promise counts against what is usually
    promised on its lane: a shop that promises less from some day on does not send faster by that.
    """
    on = chains(case)
    lane, count = lanes.look_up(lanes.ways, on["lane"])
    promise = log(promised_days(case)) - lanes.look_up(lanes.promised, on["lane"][:2])[0]
    day = case.at // 1
    return [
        lane,
        count,
        lanes.look_up(lanes.ways, on["origin"])[0] - lane,
        lanes.look_up(lanes.ways, on["served"])[0] - lane,
        lanes.look_up(lanes.packing, [("from", case.origin)])[0],
        promise,
        case.dispatch_by,
        (day + 3) % 7,  # 1970 began on a Thursday; 0 is Monday
        (case.at - day) * 24,
        _number(case.postcode),
        _number(case.origin_postcode),
        case.shipping,
        case.price,
        case.pieces,
        float(case.region == case.origin_region) if case.region and case.origin_region else nan,
        float(case.country != case.origin_country),
        case.at - case.placed,
        case.at - case.shipped,
        _STATUSES.get(case.status, nan),
        float(case.attempts),
        float(case.scans),
        case.is_near,
        case.origin_days_off,
        case.days_off,
    ]


def _number(postcode: str) -> float:
    """A postcode's leading digits: near ones are mostly near each other. nan where it has letters first."""
    digits = postcode.replace(" ", "").replace("-", "")[:5]
    return float(digits) if digits.isascii() and digits.isdigit() else nan
