"""Where files wait until they are worked off: a private folder of the installation, never served."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from merchants.ids import uuid7
from merchants.rest.errors import TooLarge

PIECE = 1 << 16


class Stored(NamedTuple):
    """A file in the folder: its name there, and how many bytes it has."""

    name: str
    size: int


def store(pieces: Iterable[bytes]) -> Stored:
    """Write a file piece by piece. Raises TooLarge (nothing is kept then) above IMPORT_MAX_BYTES."""
    folder = settings.IMPORTS_FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = uuid7().hex
    size = 0
    try:
        with open(folder / name, "xb", opener=_private) as file:
            for piece in pieces:
                size += len(piece)
                check_size(size)
                file.write(piece)
    except BaseException:
        delete(name)
        raise
    return Stored(name, size)


def check_size(size: int) -> None:
    """Raises TooLarge for a file that is larger than this installation imports."""
    if size > settings.IMPORT_MAX_BYTES:
        raise TooLarge(
            f"A file to import has at most {settings.IMPORT_MAX_BYTES:,} bytes here. Send it in parts.",
            code="file_too_large",
        )


def path_of(name: str) -> Path:
    """Where a stored file is."""
    assert name.isalnum()
    return Path(settings.IMPORTS_FOLDER) / name


def delete(name: str) -> None:
    """Forget a stored file. One that is gone is no error."""
    if name:
        path_of(name).unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
