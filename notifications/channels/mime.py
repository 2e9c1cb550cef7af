"""A mail as bytes, as SMTP wants it: to its reader what `message().as_bytes()` makes of it, in a tenth of the time.

Both parts go out in 7 bits (quoted-printable where they are not ASCII), so that no server on the way has to encode them
anew, which would break a DKIM signature (RFC 6376, 5.3).
"""

import base64
import binascii
import re
from email.utils import formatdate, parseaddr
from functools import lru_cache
from hashlib import sha256
from typing import Final

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import forbid_multi_line_headers, sanitize_address

# RFC 5322, 2.1.1 and RFC 2047, 2. An encoded word of 39 bytes has 64 characters, so a line with one is short enough.
_LONGEST_LINE: Final = 998
_FOLDED: Final = 78
_WORD_BYTES: Final = 39
_PLAIN_ADDRESS: Final = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_PLAIN_TEXT: Final = re.compile(r"[\x20-\x7e]*")


def as_bytes(mail: EmailMultiAlternatives) -> bytes:
    """A mail with a text and its HTML, with lines that end in CRLF. Raises ValueError for a header of several lines."""
    html = str(mail.alternatives[0][0])
    own = dict(mail.extra_headers)
    headers = [
        _unstructured("Subject", str(mail.subject)),
        f"From: {_addresses('From', mail.from_email)}",
        f"To: {', '.join(mail.to)}" if _all_plain(mail.to) else f"To: {_addresses('To', ', '.join(mail.to))}",
    ]
    if mail.reply_to:
        headers.append(f"Reply-To: {_addresses('Reply-To', ', '.join(mail.reply_to))}")
    headers.append(f"Date: {formatdate()}")
    headers += [_structured(name, str(value)) for name, value in own.items()]
    # "=_" stands in no quoted-printable text, and nobody guesses the rest.
    boundary = f"=_{sha256(f'{mail.subject}{own}{mail.body}'.encode()).hexdigest()[:40]}"
    top = "\r\n".join(
        [f'Content-Type: multipart/alternative; boundary="{boundary}"', "MIME-Version: 1.0", *headers]
    )
    edge = f"\r\n--{boundary}".encode()
    text = _part("plain", str(mail.body))
    return b"".join(
        [
            top.encode("ascii"),
            b"\r\n",
            edge,
            b"\r\n",
            text,
            edge,
            b"\r\n",
            _part("html", html),
            edge,
            b"--\r\n",
        ]
    )


@lru_cache(maxsize=512)
def envelope(address: str) -> str:
    """The bare address of a From or To header, for the envelope. Raises ValueError."""
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    return parseaddr(sanitize_address(address, "utf-8"))[1]


def _part(kind: str, text: str) -> bytes:
    data = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
    fits = data.isascii() and all(len(line) <= _LONGEST_LINE for line in data.split(b"\r\n"))
    encoding = "7bit" if fits and b"\0" not in data else "quoted-printable"
    if encoding == "quoted-printable":
        # The encoder ends its lines as the first one of the text ends, so there must be one.
        data = binascii.b2a_qp(data + b"\r\n")[:-2]
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: {encoding}'
    return head.encode() + b"\r\n\r\n" + data


def _all_plain(addresses: list[str]) -> bool:
    return all(_PLAIN_ADDRESS.fullmatch(address) for address in addresses)


@lru_cache(maxsize=512)
def _addresses(name: str, value: str) -> str:
    return str(forbid_multi_line_headers(name, value, "utf-8")[1]).replace("\n", "\r\n")


def _unstructured(name: str, value: str) -> str:
    """A header of words: in encoded words (RFC 2047) where they are not ASCII, or would be read as encoded."""
    _refuse_lines(name, value)
    if _PLAIN_TEXT.fullmatch(value) and "=?" not in value and (folded := _fold(f"{name}: {value}")):
        return folded
    words, piece = [], b""
    for letter in value:
        encoded = letter.encode()
        if len(piece) + len(encoded) > _WORD_BYTES:
            words.append(piece)
            piece = b""
        piece += encoded
    words.append(piece)
    shown = (f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)
    return f"{name}: " + "\r\n ".join(shown)


def _structured(name: str, value: str) -> str:
    """A header of our own making: ASCII, with spaces where it may be folded."""
    _refuse_lines(name, value)
    return _fold(f"{name}: {value}") or f"{name}: {forbid_multi_line_headers(name, value, 'utf-8')[1]}"


def _refuse_lines(name: str, value: str) -> None:
    if "\n" in value or "\r" in value:
        raise ValueError(f"the header {name} would have several lines")


def _fold(line: str) -> str:
    """The line in lines of 78 characters, broken at its spaces; "" when that cannot be done without changing it."""
    if len(line) <= _FOLDED and not line.endswith(" "):
        return line
    words = line.split(" ")
    if not all(words) or max(map(len, words)) > _LONGEST_LINE - 1:
        return ""
    lines: list[str] = []
    current = words[0]
    for word in words[1:]:
        # Not right after the name: a first line without content is read as an empty header by some.
        if len(current) + 1 + len(word) > _FOLDED and (lines or current != words[0]):
            lines.append(current)
            current = f" {word}"
        else:
            current += f" {word}"
    return "\r\n".join([*lines, current])
