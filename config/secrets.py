"""The secret key of an installation that was given none."""

import os
import secrets

from config.embedded import home


def local_secret_key() -> str:
    """A random key, made once and kept readable by its owner only, beside the embedded servers."""
    path = home() / "secret-key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key
