"""Identifiers: UUIDv7 inside, a typed prefix and 26 base32 letters outside (`ord_01h45…`)."""

import os
import time
import uuid

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32: no i, l, o, u.
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 26
# Two letters at a time: 1,024 pairs for 10 bits each.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(120, -1, -10)
# The digit of a UUID that begins with the bits 10, from a random one.
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}

# An id that no row has: what a filter by an unreadable id looks for.
NOBODY = uuid.UUID(int=0)


def uuid7() -> uuid.UUID:
    """A UUID version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def uuid7_texts(count: int) -> list[str]:
    """So many UUIDs version 7 as texts, in ascending order: for rows that are stored by the thousand.

    The 12 bits behind the milliseconds are the clock's as well (RFC 9562, 6.2, method 3).
    """
    tick = (time.time_ns() << 12) // 1_000_000
    random = os.urandom(8 * count).hex()
    ids = []
    for number in range(count):
        clock, rest = f"{tick + number:015x}", random[16 * number : 16 * number + 16]
        variant = _VARIANTS[rest[0]]
        ids.append(f"{clock[:8]}-{clock[8:12]}-7{clock[12:]}-{variant}{rest[1:4]}-{rest[4:]}")
    return ids


def public_id(prefix: str, value: uuid.UUID) -> str:
    """How an object is called outside: `public_id("ord", order.id)` → `"ord_01h455vb4pex5vsknk084sn02q"`."""
    number = value.int
    return prefix + "_" + "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def parse_public_id(prefix: str, text: str) -> uuid.UUID | None:
    """The UUID behind a public id, or None when the text is not one of this prefix."""
    head, _, letters = text.partition("_")
    if head != prefix or len(letters) != _LENGTH:
        return None
    number = 0
    for letter in letters:
        value = _VALUES.get(letter)
        if value is None:
            return None
        number = number << 5 | value
    return uuid.UUID(int=number) if number < 1 << 128 else None
