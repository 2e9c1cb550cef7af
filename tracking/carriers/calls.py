"""How carriers are called: through the one way out, number by number or in batches, with or without a token.

Connections are pooled by `merchants/http.py`, under its time-outs, size limit and guard of addresses.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from merchants import http
from tracking.carriers.base import (
    Account,
    Answer,
    AuthenticationFailed,
    CannotRead,
    CarrierDown,
    CarrierError,
    NotFound,
    RateLimited,
    TrackingResult,
)
from tracking.carriers.bodies import MAX_BODY, retry_after_of

# These meet every other number as well: nobody else is asked about in this round.
_FOR_ALL: Final = (AuthenticationFailed, RateLimited, CarrierDown)


def send(
    method: str,
    url: str,
    account: Account,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    json: Any = None,
    data: bytes | str | Mapping[str, str] | None = None,
) -> http.Response:
    """One request to a carrier. Raises CarrierDown without an answer, CannotRead for one that is too large."""
    try:
        return http.request(
            method, url, headers=headers, params=params, json=json, data=data,
            timeout=account.timeout, max_bytes=MAX_BODY, allow=account.allow,
        )  # fmt: skip
    except http.TooLarge as error:
        raise CannotRead(str(error)) from error
    except http.OutboundError as error:
        raise CarrierDown(str(error)) from error


def wait_of(answer: http.Response) -> float | None:
    """The seconds that an answer asks to wait, None when it does not say."""
    return retry_after_of(answer.headers.get("Retry-After", ""))


def one_each(numbers: Sequence[str], ask: Callable[[str], Answer]) -> list[Answer]:
    """One call a number. After an error that will meet every number, none is asked more."""
    found: list[Answer] = []
    for number in numbers:
        if found and isinstance(found[-1], _FOR_ALL):
            found.append(found[-1])
            continue
        try:
            found.append(ask(number))
        except CarrierError as error:
            error.number = number
            found.append(error)
    return found


def in_batches(
    numbers: Sequence[str], size: int, ask: Callable[[Sequence[str]], list[Answer]]
) -> list[Answer]:
    """One call for `size` numbers; the answers in the order of the numbers.

    `ask` returns the answers as they come. An answer to no number in particular is one to all of the batch.
    """
    found: list[Answer] = []
    for start in range(0, len(numbers), size):
        batch = numbers[start : start + size]
        if found and isinstance(found[-1], _FOR_ALL):
            found.extend([found[-1]] * len(batch))
            continue
        try:
            answers = ask(batch)
        except CarrierError as error:
            answers = [error]
        found.extend(sorted_by(batch, answers))
    return found


def sorted_by(numbers: Sequence[str], answers: Sequence[Answer]) -> list[Answer]:
    """One answer for each number, by the number that it names; NotFound where there is none."""
    named: dict[str, Answer] = {}
    for answer in answers:
        named.setdefault(plain(_number(answer)), answer)
    for_all = named.get("")
    return [
        named.get(plain(number)) or for_all or NotFound("the answer does not name it", number=number)
        for number in numbers
    ]


def only(number: str | None, found: list[Answer]) -> list[Answer]:
    """Of the answers about several parcels the one about `number` (the first when none names it); all for None."""
    if number is None or len(found) < 2:
        return found
    return [answer for answer in found if plain(_number(answer)) == plain(number)][:1] or found[:1]


def _number(answer: Answer) -> str:
    return answer.tracking_number if isinstance(answer, TrackingResult) else answer.number


def plain(number: str) -> str:
    """A number as carriers compare it: without blanks and dashes, in capitals."""
    return "".join(filter(str.isalnum, number)).upper()
