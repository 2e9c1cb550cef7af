"""A mail in a frame of the dashboard: held in, and as a mail program shows it by day or by night."""

import re
from typing import Final

from django.http import HttpResponse

# No script, no form, nothing from other servers, no way out of the frame.
PREVIEW_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:;"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
# How a mail program in its dark mode reads the sheet, and one in its light mode.
_SCHEMES: Final = {"light": "not all", "dark": "all"}
SCHEMES: Final = tuple(_SCHEMES)
_DARK_MODE: Final = re.compile(r"\(prefers-color-scheme:\s*dark\)")


def in_frame(html: str, scheme: str = "") -> HttpResponse:
    """The mail as an answer for a frame. scheme: light or dark; else byte for byte."""
    shown = _DARK_MODE.sub(_SCHEMES[scheme], html) if scheme in _SCHEMES else html
    response = HttpResponse(shown)
    response["Content-Security-Policy"] = PREVIEW_POLICY
    return response
