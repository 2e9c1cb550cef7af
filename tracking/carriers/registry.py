"""Which carriers there are, what shops call them, and where their public pages are."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tracking.carriers.aftership import AfterShip
from tracking.carriers.base import Carrier
from tracking.carriers.canada_post import CanadaPost
from tracking.carriers.dhl import DHL
from tracking.carriers.dhl_parcel_de import DHLParcelDE
from tracking.carriers.dpd import DPD
from tracking.carriers.easypost import EasyPost
from tracking.carriers.fedex import FedEx
from tracking.carriers.gls import GLS
from tracking.carriers.numbers.formats import posts
from tracking.carriers.royal_mail import RoyalMail
from tracking.carriers.sandbox import Sandbox
from tracking.carriers.seventeentrack import SeventeenTrack
from tracking.carriers.shippo import Shippo
from tracking.carriers.ups import UPS
from tracking.carriers.usps import USPS

OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class KnownCarrier:
    """A carrier that we can name and link to, with or without an adapter.

    `names` are what shops call it, beside `name`, in lower case. In `page`, {number} is the
    tracking number and {language} two letters.
    """

    code: str
    name: str
    page: str
    names: tuple[str, ...] = ()


def _linked() -> Iterable[KnownCarrier]:
    """The carriers of which we know no more than a name and a page."""
    table = tomllib.loads(Path(__file__).with_name("linked.toml").read_text(encoding="utf-8"))
    for code, row in table.items():
        yield KnownCarrier(code, row["name"], row.get("page", ""), tuple(row.get("names", ())))


KNOWN: Final = {
    carrier.code: carrier
    for carrier in (
        KnownCarrier(
            "dhl",
            "DHL",
            "",  # the adapter's own
            ("deutsche post", "dhl paket", "dhl express", "dhl parcel", "dhl ecommerce"),
        ),
        KnownCarrier(
            "ups",
            "UPS",
            "https://www.ups.com/track?tracknum={number}",
            ("united parcel service",),
        ),
        KnownCarrier("fedex", "FedEx", "https://www.fedex.com/fedextrack/?trknbr={number}"),
        KnownCarrier(
            "usps",
            "USPS",
            "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
            ("united states postal service", "us postal service"),
        ),
        KnownCarrier(
            "hermes",
            "Hermes",
            "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{number}",
            ("myhermes", "hermes germany", "hermes logistik"),
        ),
        KnownCarrier(
            "evri",
            "Evri",
            "https://www.evri.com/track/parcel/{number}",
            ("hermes uk", "hermes world uk", "my hermes uk"),
        ),
        KnownCarrier(
            "dpd",
            "DPD",
            "https://tracking.dpd.de/status/{language}/parcel/{number}",
            ("dynamic parcel distribution",),
        ),
        KnownCarrier(
            "gls",
            "GLS",
            "https://gls-group.com/track/{number}",
            ("general logistics systems",),
        ),
        KnownCarrier(
            "royal_mail",
            "Royal Mail",
            "https://www.royalmail.com/track-your-item#/tracking-results/{number}",
        ),
        KnownCarrier("postnl", "PostNL", "https://postnl.nl/tracktrace/?B={number}", ("post nl",)),
        KnownCarrier(
            "austrian_post",
            "Österreichische Post",
            "https://www.post.at/sv/sendungssuche?snr={number}",
            ("austrian post", "post at"),
        ),
        KnownCarrier(
            "swiss_post",
            "Swiss Post",
            "https://service.post.ch/ekp-web/ui/entry/search/{number}",
            ("die schweizerische post", "la poste suisse"),
        ),
        KnownCarrier(
            "colissimo",
            "Colissimo",
            "https://www.laposte.fr/outils/suivre-vos-envois?code={number}",
            ("la poste", "la poste colissimo"),
        ),
        KnownCarrier(
            "canada_post",
            "Canada Post",
            "https://www.canadapost-postescanada.ca/track-reperage/{language}#/search?searchFor={number}",
            ("postes canada",),
        ),
        KnownCarrier(
            "australia_post",
            "Australia Post",
            "https://auspost.com.au/mypost/track/#/details/{number}",
            ("auspost",),
        ),
        KnownCarrier("sandbox", "Sandbox", "", ("afterward sandbox",)),
        *_linked(),
    )
}

ADAPTERS: Final[dict[str, Carrier]] = {
    "dhl": DHL(),
    "dhl_parcel_de": DHLParcelDE(),
    "ups": UPS(),
    "fedex": FedEx(),
    "usps": USPS(),
    "royal_mail": RoyalMail(),
    "canada_post": CanadaPost(),
    "dpd": DPD(),
    "gls": GLS(),
    "easypost": EasyPost(),
    "aftership": AfterShip(),
    "shippo": Shippo(),
    "17track": SeventeenTrack(),
    "sandbox": Sandbox(),
}


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+|_", " ", text.casefold()).split())


_BY_NAME: Final = {
    _plain(name): carrier.code
    for carrier in KNOWN.values()
    for name in (carrier.code, carrier.name, *carrier.names)
}


def carrier_from_name(text: str) -> str:
    """Our code for what a shop calls a carrier: "DHL Express (DE)" is "dhl".

    The longest known name that the text begins with, word by word, decides; "other" if none.
    """
    words = _plain(text).split()
    for length in range(len(words), 0, -1):
        code = _BY_NAME.get(" ".join(words[:length]))
        if code is not None:
            return code
    return OTHER


def carrier_name(code: str) -> str:
    """What people call a carrier; a postal service of the S10 set by its country; else the code."""
    known = KNOWN.get(code)
    if known is not None:
        return known.name
    return next((name for post, name in posts().values() if post == code), code)


def adapter(code: str) -> Carrier | None:
    """The adapter of a carrier, None when we can only link to it."""
    return ADAPTERS.get(code)


def tracking_url(code: str, number: str, locale: str = "en") -> str:
    """The carrier's public page for a number, "" when we know none."""
    known = KNOWN.get(code)
    if known is None or not number:
        return ""
    own = ADAPTERS.get(code)
    if own is not None:
        return own.tracking_url(number, locale)
    return known.page.format(number=quote(number, safe=""), language=locale[:2].lower() or "en")
