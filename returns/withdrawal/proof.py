"""The proof pack: one file that shows what was declared and when, and that it was not changed since.

It is canonical JSON: another spelling is another file. `check` needs nothing but the file: it takes the digests anew,
link by link, and the signature. What ties a pack to the outside is the proof code on the consumer's receipt, and
the shop's public key.
"""

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from merchants.ids import public_id
from returns.withdrawal.chain import GENESIS, Header, canonical, content_digest, link_digest, moment
from returns.withdrawal.chaining import header_of
from returns.withdrawal.models import ChainEntry, Withdrawal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = "afterward-withdrawal-proof/1"
# So many links after the withdrawal's last are shown without their contents.
LINKS_AFTER = 1000


class Broken(Exception):
    """The pack is not what it says it is."""


def pack_of(withdrawal: Withdrawal) -> bytes:
    """The proof of a withdrawal of the open scope, as the bytes of its file."""
    own = list(ChainEntry.objects.filter(withdrawal=withdrawal).order_by("sequence"))
    last = own[-1].sequence + LINKS_AFTER
    links = ChainEntry.objects.filter(sequence__gte=own[0].sequence, sequence__lte=last).order_by("sequence")
    body = {
        "made_at": moment(timezone.now()),
        "merchant": withdrawal.merchant.legal_name or withdrawal.merchant.name,
        "withdrawal": public_id("wdr", withdrawal.pk),
        "number": withdrawal.number,
        "contents": [
            {"sequence": entry.sequence, "salt": bytes(entry.salt).hex(), "content": entry.content}
            for entry in own
        ],
        "chain": [_shown(entry) for entry in links.iterator(chunk_size=500)],
    }
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = _signing_key()
    text = canonical(body)
    whole = {
        "format": FORMAT,
        "body": body,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "key": key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
        "signature": base64.b64encode(key.sign(text.encode())).decode(),
    }
    return canonical(whole).encode() + b"\n"


def check(pack: bytes, *, key: str = "") -> dict[str, Any]:
    """What a pack proves: number, declared (what was declared), proof (the code on the receipt), links, key.

    key: the shop's public key in hexadecimal, if the pack must be of that shop. Raises Broken, saying what is wrong.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    whole = _read(pack)
    body, text = whole["body"], canonical(whole["body"]).encode()
    if hashlib.sha256(text).hexdigest() != whole["sha256"]:
        raise Broken("the digest of the body is another: something in it was changed")
    if key and key.lower() != whole["key"]:
        raise Broken("it was signed with another key than the one given")
    try:
        signature = base64.b64decode(whole["signature"], validate=True)
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(whole["key"])).verify(signature, text)
    except (InvalidSignature, ValueError):
        raise Broken("the signature does not belong to this body and key") from None
    links = _checked_chain(body["chain"])
    declared = _checked_contents(body, links)
    first = declared["sequence"]
    return {
        "number": body["number"],
        "declared": json.loads(declared["content"]),
        "proof": proof_code(link_digest(links[first])),
        "links": len(links),
        "key": whole["key"],
    }


def proof_code(digest: bytes) -> str:
    """The digest of the first link as the receipt prints it: 64 hexadecimal digits in groups of 8."""
    text = digest.hex()
    return " ".join(text[at : at + 8] for at in range(0, len(text), 8))


def _read(pack: bytes) -> dict[str, Any]:
    try:
        whole: dict[str, Any] = json.loads(pack)
        is_canonical = canonical(whole).encode() + b"\n" == pack
    except (ValueError, TypeError):
        raise Broken("it is not JSON: bytes were changed or are missing") from None
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise Broken(f"it is not a pack of the format {FORMAT}")
    if not is_canonical or set(whole) != {"format", "body", "sha256", "key", "signature"}:
        raise Broken("it is not spelled as packs are: bytes were added or changed")
    return whole


def _checked_chain(rows: list[dict[str, Any]]) -> dict[int, Header]:
    links: dict[int, Header] = {}
    before: bytes | None = None
    for row in rows:
        header = Header(
            row["sequence"], row["kind"], row["recorded_at"], row["withdrawal"],
            bytes.fromhex(row["content_digest"]), bytes.fromhex(row["previous"]),
        )  # fmt: skip
        place = header.sequence
        if link_digest(header).hex() != row["digest"]:
            raise Broken(f"link {place} of the chain was changed")
        if before is not None and (header.previous != before or place - 1 not in links):
            raise Broken(f"link {place} does not follow the one before: one was taken out or put in")
        if before is None and place == 1 and header.previous != GENESIS:
            raise Broken("the first link of the chain does not begin it")
        before, links[place] = bytes.fromhex(row["digest"]), header
    return links


def _checked_contents(body: dict[str, Any], links: dict[int, Header]) -> dict[str, Any]:
    """The content of the declaration, after all contents were found to be those of the chain."""
    own = {place for place, link in links.items() if link.withdrawal == body["withdrawal"]}
    if own != {row["sequence"] for row in body["contents"]} or not own:
        raise Broken("contents are missing, or do not belong to this withdrawal")
    for row in body["contents"]:
        if (
            content_digest(bytes.fromhex(row["salt"]), row["content"])
            != links[row["sequence"]].content_digest
        ):
            raise Broken(f"the content of link {row['sequence']} was changed")
    first: dict[str, Any] = min(body["contents"], key=lambda row: row["sequence"])
    if (
        links[first["sequence"]].kind != "declared"
        or json.loads(first["content"])["number"] != body["number"]
    ):
        raise Broken("the first content is not the declaration of this number")
    return first


def _shown(entry: ChainEntry) -> dict[str, Any]:
    header = header_of(entry)
    return {
        "sequence": header.sequence,
        "kind": header.kind,
        "recorded_at": header.recorded_at,
        "withdrawal": header.withdrawal,
        "content_digest": header.content_digest.hex(),
        "previous": header.previous.hex(),
        "digest": bytes(entry.digest).hex(),
    }


def _signing_key() -> "Ed25519PrivateKey":
    """The installation's key, derived from its secret: a pack of another installation has another."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = hashlib.sha256(b"withdrawal-proof:" + settings.SECRET_KEY.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)
