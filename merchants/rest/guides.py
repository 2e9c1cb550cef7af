"""The guides for developers: which there are, and the examples in them, which the tests run as they stand."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Guide:
    """A page under /developers/. Its text stands in `templates/developers/guides/<slug>.html`."""

    slug: str
    title: Promise
    about: Promise


GUIDES = (
    Guide("quick-start", _("Quick start"), _("From a key to a parcel that moves, in ten minutes.")),
    Guide("authentication", _("Authentication"), _("Keys, what they may do, and how to keep them.")),
    Guide("pagination", _("Pagination"), _("Lists in pages that hold still while rows are added.")),
    Guide("idempotency", _("Idempotency"), _("Sending a request again without doing it twice.")),
    Guide("problems", _("Handling errors"), _("One form for all of them, and codes to decide by.")),
    Guide("webhooks", _("Webhooks"), _("Being told what happens, and knowing that it was us.")),
    Guide("returns", _("Returns"), _("Goods that come back, and the money and exchanges for them.")),
    Guide("rate-limits", _("Rate limits"), _("How much a key may ask, and how to wait.")),
    Guide("sandbox", _("Sandbox"), _("Simulated parcels, and numbers that make each state happen.")),
    Guide("imports", _("Imports"), _("Bringing the past along without telling anybody about it.")),
    Guide("changelog", _("Changelog"), _("What has changed in the API, the latest first.")),
)
BY_SLUG = {guide.slug: guide for guide in GUIDES}

# What the sandbox' numbers make happen. A test holds this to what they do (`tracking.carriers.sandbox`).
_ON_ITS_WAY = ("info_received", "in_transit")
JOURNEYS = (
    ("SBX-DELIVERED", (*_ON_ITS_WAY, "out_for_delivery", "delivered")),
    ("SBX-ATTEMPT", (*_ON_ITS_WAY, "out_for_delivery", "attempt_failed", "out_for_delivery", "delivered")),
    ("SBX-PICKUP", (*_ON_ITS_WAY, "available_for_pickup", "delivered")),
    ("SBX-DELAYED", (*_ON_ITS_WAY, "exception", "in_transit", "out_for_delivery", "delivered")),
    ("SBX-CUSTOMS", (*_ON_ITS_WAY, "exception", "in_transit", "out_for_delivery", "delivered")),
    ("SBX-EXCEPTION", (*_ON_ITS_WAY, "exception")),
    ("SBX-RETURNED", (*_ON_ITS_WAY, "out_for_delivery", "exception", "returning", "returned")),
    ("SBX-LOST", (*_ON_ITS_WAY, "exception")),
)

# Endings of an example's files, in the order of its tabs.
LANGUAGES = {"sh": "curl", "py": "Python", "mjs": "JavaScript"}
FOLDER = Path(settings.BASE_DIR) / "templates" / "developers" / "examples"


@cache
def example(name: str) -> dict[str, str]:
    """An example's text by the ending of its file: `{"sh": …, "py": …, "mjs": …}`."""
    return {ending: (FOLDER / f"{name}.{ending}").read_text().rstrip("\n") for ending in LANGUAGES}
