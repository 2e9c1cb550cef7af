"""Every address of the installation, out of Django's own resolver."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

LISTED = Path(__file__).with_name("listed.txt")


def found() -> dict[str, URLPattern]:
    """Each address as it stands in the configuration, with its pattern."""
    return dict(_walk(get_resolver().url_patterns, ""))


def listed() -> list[str]:
    """The addresses that somebody has thought about: one a line in listed.txt."""
    return [line for line in LISTED.read_text().splitlines() if line and not line.startswith("#")]


def of_kind(start: str) -> list[str]:
    """The addresses below one of the doors: `api/v1/`, `app/`, `app/<slug:slug>/`, `hooks/`, `p/`."""
    return [route for route in found() if route.startswith(start)]


def needs_of(pattern: URLPattern) -> Any:
    """What a page of the dashboard is guarded with. None: it is not a merchant's page."""
    view: Any = pattern.callback
    while view is not None and not hasattr(view, "needs"):
        view = getattr(view, "__wrapped__", None)
    return getattr(view, "needs", None)


def _walk(entries: list[Any], before: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in entries:
        path = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, path)
        else:
            yield path, entry
