"""Made-up shoppers: the same ones for the same random numbers."""

from dataclasses import dataclass
from random import Random

from demo.seed import words
from orders.text import fold

_GERMAN_SHARE = 0.78
_WITHOUT_ADDRESS = 0.01  # Bought in the shop, or by telephone: the order has no e-mail address.
_PHONES = {"DE": "+4915", "AT": "+43664", "CH": "+4178", "GB": "+447", "IE": "+3538", "NL": "+316"}


@dataclass(frozen=True)
class Shopper:
    """A person, where they live and how they can be reached."""

    number: int
    first_name: str
    last_name: str
    email: str
    phone: str
    sms_consent: bool
    locale: str
    street: str
    city: str
    postcode: str
    country: str

    @property
    def german(self) -> bool:
        return self.locale == "de"


def make_shopper(rng: Random, number: int, *, german: bool | None = None, email: bool = True) -> Shopper:
    """One shopper; German or English as told, or by chance. Everybody has an address of their own (`number`)."""
    if german is None:
        german = rng.random() < _GERMAN_SHARE
    first = rng.choice(words.GERMAN_FIRST if german else words.ENGLISH_FIRST)
    last = rng.choice(words.GERMAN_LAST if german else words.ENGLISH_LAST)
    places = words.GERMAN_PLACES if german else words.ENGLISH_PLACES
    city, postcode, country, _ = rng.choices(places, [place[3] for place in places])[0]
    phone = _phone(rng, country) if rng.random() < 0.4 else ""
    return Shopper(
        number=number, first_name=first, last_name=last, email=_email(rng, first, last, number) if email else "",
        phone=phone, sms_consent=bool(phone) and rng.random() < 0.5, locale="de" if german else "en",
        street=_street(rng, german), city=city, postcode=postcode, country=country,
    )  # fmt: skip


def make_shoppers(rng: Random, count: int) -> list[Shopper]:
    """So many shoppers."""
    return [
        make_shopper(rng, number, email=rng.random() >= _WITHOUT_ADDRESS) for number in range(1, count + 1)
    ]


def _email(rng: Random, first: str, last: str, number: int) -> str:
    plain = "".join(
        c
        for c in f"{fold(first)}.{fold(last)}".replace("ı", "i")
        if c.isascii() and (c.isalnum() or c == ".")
    )
    return f"{plain}{number}@{rng.choice(words.MAIL_DOMAINS)}"


def _phone(rng: Random, country: str) -> str:
    prefix = _PHONES.get(country)
    return f"{prefix}{rng.randrange(10**8, 10**9)}" if prefix else ""


def _street(rng: Random, german: bool) -> str:
    house = rng.randrange(1, 120)
    if german:
        return f"{rng.choice(words.GERMAN_STREETS)} {house}"
    return f"{house} {rng.choice(words.ENGLISH_STREETS)}"
