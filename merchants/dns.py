"""Looking up DNS records: of merchants' own hosts, and of the domains that their mails come from.

The library is loaded by the first look-up: most processes never ask, and it weighs some MB.
"""

from typing import TYPE_CHECKING, Final

from django.conf import settings

from merchants.http import in_transaction

if TYPE_CHECKING:
    import dns.resolver

_SECONDS: Final = 4.0
_MOST_RECORDS: Final = 50


class NoAnswer(RuntimeError):
    """No name server answered in time, or it failed. That says nothing about the name."""


def lookup(name: str, kind: str) -> list[str]:
    """The records of a name: `lookup("track.shop.test", "CNAME")`. Empty when there are none, or no such name.

    Names come without the dot at their end and in lower case; TXT as it was written. Raises NoAnswer. Never inside a
    transaction: a slow name server would hold our locks.
    """
    if in_transaction():
        raise RuntimeError("No DNS inside a database transaction: commit first.")
    import dns.exception
    import dns.resolver
    from dns.rdatatype import RdataType

    try:
        found = _resolver().resolve(name, RdataType.from_text(kind), search=False, raise_on_no_answer=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN):
        return []
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise NoAnswer(str(error)) from error
    return [_text(record, kind) for record in list(found.rrset or ())[:_MOST_RECORDS]]


def addresses(name: str) -> set[str]:
    """All IPv4 and IPv6 addresses of a name. Raises NoAnswer."""
    return {*lookup(name, "A"), *lookup(name, "AAAA")}


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        strings: tuple[bytes, ...] = record.strings  # type: ignore[attr-defined]
        return b"".join(strings).decode("utf-8", "replace")
    return str(record).rstrip(".").lower()


def _resolver() -> "dns.resolver.Resolver":
    """The machine's own resolver, or the one that settings name (`host:port`, for tests and closed networks)."""
    import dns.resolver

    own = settings.DNS_SERVERS
    resolver = dns.resolver.Resolver(configure=not own)
    resolver.lifetime, resolver.timeout = _SECONDS, _SECONDS / 2
    if own:
        pairs = [server.rpartition(":") for server in own]
        resolver.nameservers = [host for host, _, _ in pairs]
        resolver.nameserver_ports = {host: int(port) for host, _, port in pairs}
    return resolver
