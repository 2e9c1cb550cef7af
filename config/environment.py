"""Reading settings from the environment: one function a type, with clear errors."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"", "0", "false", "no", "off"}


class BadSetting(ValueError):
    """An environment variable holds something that cannot be read."""


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `NAME_FILE` points at (container secrets).

    An empty one counts as not set: compose files pass on what was left out as empty.
    """
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text().strip()
    return os.environ.get(name) or default


def flag(name: str, default: bool = False) -> bool:
    """True or False. Raises BadSetting for anything that is neither."""
    value = text(name, "1" if default else "").strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise BadSetting(f"{name} should be true or false, not {value!r}")


def integer(name: str, default: int) -> int:
    """A whole number. Raises BadSetting for anything else."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise BadSetting(f"{name} should be a whole number, not {value!r}") from None


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, without empty entries."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def database(url: str) -> dict[str, Any]:
    """Django's database settings for `postgresql://user:password@host:port/name?host=/socket/folder`."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise BadSetting("DATABASE_URL should start with postgresql://: Afterward runs on PostgreSQL only")
    query = parse_qs(parts.query)
    options = {key: values[-1] for key, values in query.items() if key.startswith("ssl")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query["host"][-1] if "host" in query else parts.hostname or "",
        "PORT": parts.port or "",
        "OPTIONS": options,
    }
