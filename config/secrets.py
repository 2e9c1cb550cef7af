"""The secret key of an installation that was given none."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from config.embedded import home


def local_secret_key() -> str:
    """A random key, made once and kept readable by its owner only, beside the embedded servers.

    Several processes may start at the same moment: each writes a whole key beside the name, and the first one to
    link it there wins. Nobody ever reads half a key.
    """
    path = home() / "secret-key"
    with suppress(FileNotFoundError):
        return path.read_text().strip()
    descriptor, beside = tempfile.mkstemp(prefix="secret-key.", dir=path.parent)  # readable by its owner only
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        Path(beside).unlink()
    return path.read_text().strip()
