"""Whether a domain lets mail be sent in its name: SPF, DKIM and DMARC, as DNS has them now."""

from dataclasses import dataclass

from merchants import dns

OK, MISSING, WRONG, UNKNOWN = "ok", "missing", "wrong", "unknown"


@dataclass(frozen=True)
class Record:
    """One record: which, where, what is there, what should be, and how that is (ok, missing, wrong or unknown)."""

    kind: str
    name: str
    found: str
    advice: str
    state: str


def check_sender(domain: str, selector: str = "") -> list[Record]:
    """The records of a sender's domain. DKIM is looked at when its selector is known (the provider names it)."""
    records = [_spf(domain), _dmarc(domain)]
    if selector:
        records.insert(1, _dkim(domain, selector))
    return records


def _spf(domain: str) -> Record:
    return _judged("SPF", domain, "v=spf1", "v=spf1 include:<your mail provider> ~all", at_most=1)


def _dmarc(domain: str) -> Record:
    return _judged(
        "DMARC",
        f"_dmarc.{domain}",
        "v=dmarc1",
        f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}",
        at_most=1,
    )


def _dkim(domain: str, selector: str) -> Record:
    name = f"{selector}._domainkey.{domain}"
    record = _judged("DKIM", name, "", "v=DKIM1; k=rsa; p=<your mail provider's key>", at_most=1)
    has_key = any(part.strip().startswith("p=") and len(part.strip()) > 2 for part in record.found.split(";"))
    return (
        record
        if record.state != OK or has_key
        else Record(record.kind, name, record.found, record.advice, WRONG)
    )


def _judged(kind: str, name: str, begins: str, advice: str, *, at_most: int) -> Record:
    try:
        texts = [text for text in dns.lookup(name, "TXT") if text.lower().startswith(begins)]
    except dns.NoAnswer:
        return Record(kind, name, "", advice, UNKNOWN)
    state = MISSING if not texts else OK if len(texts) <= at_most else WRONG
    return Record(kind, name, " | ".join(texts)[:500], advice, state)
