"""How many requests an API key may make: a bucket of tokens a key, in Redis, shared by all processes.

A bucket holds `API_BURST` tokens and gets `API_RATE` new ones a second; each request takes one. What is kept is one
number a key: the time at which its bucket will be full again. Without Redis nobody is limited: losing a guard for a
moment is better than losing the orders of that moment.
"""

import hashlib
import time
from typing import Any, NamedTuple
from uuid import UUID

import redis
import structlog
from django.conf import settings

from merchants.redis_line import RedisLine

log = structlog.get_logger(__name__)

# Redis' own clock, so that it does not matter whose clock is wrong. All in microseconds.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local each, size = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = full_at + each - now - size * each
if wait > 0 then
    return {0, math.ceil(wait), full_at - now}
end
full_at = full_at + each
redis.call('SET', KEYS[1], string.format('%d', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1)
return {1, math.floor((size * each - (full_at - now)) / each), full_at - now}
"""
_TAKE_SHA = hashlib.sha1(
    _TAKE.encode(), usedforsecurity=False
).hexdigest()  # how Redis names a script that it knows
# After a failure nobody asks again for this long, and a log line is written this often.
_SILENCE_SECONDS = 2.0
_LOG_EVERY_SECONDS = 60.0

_silent_until = 0.0
_log_again_at = 0.0
_redis = RedisLine(lambda: settings.API_RATE_TIMEOUT)


class Allowance(NamedTuple):
    """What a key has left. `wait`: seconds until its next request is answered, 0 when this one is."""

    remaining: int
    reset: int
    wait: int = 0

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The answer's headers: the bucket's size, what is left of it, and when it is full again (seconds)."""
        return (
            ("RateLimit-Limit", str(settings.API_BURST)),
            ("RateLimit-Remaining", str(self.remaining)),
            ("RateLimit-Reset", str(self.reset)),
        )


def take(key_id: UUID) -> Allowance | None:
    """Take a token of a key's bucket. None when nobody is limited: switched off (`API_RATE` 0), or Redis is away."""
    global _silent_until
    if not settings.API_RATE or time.monotonic() < _silent_until:
        return None
    each = 1_000_000 // settings.API_RATE
    try:
        granted, number, full_in = _taken(f"rate:{key_id.hex}", each, settings.API_BURST)
    except (redis.RedisError, OSError) as error:
        _silent_until = time.monotonic() + _SILENCE_SECONDS
        _complain(error)
        return None
    reset = _seconds(full_in)
    return Allowance(number, reset) if granted else Allowance(0, reset, wait=_seconds(number))


def _seconds(microseconds: int) -> int:
    return -(-microseconds // 1_000_000)


def _complain(error: Exception) -> None:
    global _log_again_at
    if time.monotonic() >= _log_again_at:
        _log_again_at = time.monotonic() + _LOG_EVERY_SECONDS
        log.warning("rate_limits_off", error=repr(error))


def _taken(bucket: str, each: int, size: int) -> Any:
    try:
        return _redis.call("EVALSHA", _TAKE_SHA, 1, bucket, each, size)
    except redis.exceptions.NoScriptError:  # A Redis that was just started.
        return _redis.call("EVAL", _TAKE, 1, bucket, each, size)
