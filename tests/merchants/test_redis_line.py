"""A thread's own line to Redis: right answers whatever happens to the connection."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis

from merchants.redis_line import RedisLine


@pytest.fixture
def line() -> RedisLine:
    return RedisLine(lambda: 2.0)


def test_commands_are_sent_as_they_are(line: RedisLine) -> None:
    odd = "ä\r\n$5\r\n".encode()
    assert line.call("SET", "line:odd", odd, "PX", 5000) == b"OK"
    assert line.call("GET", "line:odd") == odd
    assert line.call("DEL", "line:odd") == 1
    assert line.call("GET", "line:odd") is None


def test_an_error_of_redis_is_raised_and_the_next_answer_is_right(line: RedisLine) -> None:
    with pytest.raises(redis.ResponseError):
        line.call("LLEN")
    assert line.call("ECHO", "next") == b"next"


def test_a_line_that_redis_closed_is_made_anew(line: RedisLine) -> None:
    number = line.call("CLIENT", "ID")
    RedisLine(lambda: 2.0).call("CLIENT", "KILL", "ID", number)
    assert line.call("ECHO", "again") == b"again"
    assert line.call("CLIENT", "ID") != number


def test_an_answer_that_stays_out_is_never_read_as_that_of_the_next_command(settings: Any) -> None:
    hasty = RedisLine(lambda: 0.05)
    with pytest.raises(redis.TimeoutError):
        hasty.call("BLPOP", "line:nothing", "0.2")
    assert hasty.call("ECHO", "mine") == b"mine"


def test_a_redis_that_is_away_is_an_error(settings: Any, line: RedisLine) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock?db=0"
    with pytest.raises(redis.ConnectionError):
        line.call("PING")


def test_one_that_hangs_is_waited_for_no_longer_than_was_said(settings: Any, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        deaf.listen()
        settings.REDIS_URL = f"unix://{tmp_path / 'deaf'}"
        with pytest.raises(redis.TimeoutError):
            RedisLine(lambda: 0.05).call("PING")


def test_threads_and_forked_processes_have_lines_of_their_own(line: RedisLine) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda n: line.call("ECHO", n), range(200)))
    assert answers == [str(n).encode() for n in range(200)]
    number = line.call("CLIENT", "ID")
    child = os.fork()
    if child == 0:
        os._exit(0 if line.call("CLIENT", "ID") != number else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert line.call("CLIENT", "ID") == number
