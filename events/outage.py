"""Telling a database that went away from one that refused something."""

from django.db import Error

# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection failures, too few resources,
# operator intervention (a restart), I/O errors, and a server that only reads (a fail-over).
_CLASSES = ("08", "53", "57", "58")
_READ_ONLY = "25006"
# A statement that ran for too long is the fault of whoever sent it.
_CANCELLED = "57014"


def is_outage(error: BaseException) -> bool:
    """Whether the database went away while we worked: nobody's fault, and to be tried again as it was."""
    if not isinstance(error, Error):
        return False
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state is None:
        # The connection broke, or there was none. Errors of Django's own have no cause.
        return cause is not None and type(error).__name__ in ("OperationalError", "InterfaceError")
    return state == _READ_ONLY or (state.startswith(_CLASSES) and state != _CANCELLED)
