"""JSONPath (RFC 9535) as merchants write it: without regular expressions, and without what costs too much."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError
from jsonpath.function_extensions import Count, Length, Value

LONGEST: Final = 300
_MOST_MATCHES: Final = 2000


class BadPath(Exception):
    """The path cannot be read. The text is for people."""


class _Environment(JSONPathEnvironment):
    """The standard without `match` and `search`: a regular expression can keep a worker for hours."""

    def setup_function_extensions(self) -> None:
        self.function_extensions.update(length=Length(), count=Count(), value=Value())


_environment = _Environment(strict=True)


def find(path: str, value: Any) -> list[Any]:
    """Everything in `value` that the path leads to; a text in quotes is found as it is. Raises BadPath."""
    constant = _constant(path)
    if constant is not None:
        return [constant]
    try:
        return list(islice(_matches(_compiled(path), value), _MOST_MATCHES))
    except (JSONPathError, RecursionError) as error:
        raise BadPath(_words(error)) from None


def check(path: str) -> None:
    """Raises BadPath for a path that cannot be read."""
    if _constant(path) is None:
        _compiled(path)


def _matches(path: JSONPath, value: Any) -> Iterator[Any]:
    return (match.obj for match in path.finditer(value))


def _constant(path: str) -> str | None:
    path = path.strip()
    quoted = len(path) >= 2 and path[0] == path[-1] and path[0] in "\"'"
    return path[1:-1] if quoted else None


@lru_cache(maxsize=2000)
def _compiled(path: str) -> JSONPath:
    path = path.strip()
    if len(path) > LONGEST:
        raise BadPath(f"A path has {LONGEST} letters at most.")
    if not path.startswith("$"):
        raise BadPath('A path begins with $, a fixed text stands in quotes: $.order.id or "EUR".')
    if path.count("..") > 1:
        raise BadPath("Two dots may stand in a path once: they look everywhere.")
    try:
        found = _environment.compile(path)
    except (JSONPathError, RecursionError, ValueError) as error:
        raise BadPath(_words(error)) from None
    assert isinstance(found, JSONPath)
    return found


def _words(error: Exception) -> str:
    """The library's message. Its own `str()` draws a picture around it, and fails at the end of a text."""
    told = str(error.args[0]) if error.args else "it cannot be read"
    return f"This is no JSONPath: {told}."
