"""Check digits of tracking numbers, each by its published rule.

A rule takes the serial number (digits, here and there letters), the check digit and the rule's own numbers, and says
whether they fit. The names are those of tracking_number_data; `weighted` is ours, for the carriers that it lacks.
"""

from collections.abc import Callable, Mapping, Sequence
from math import log10
from typing import Any, Final

Rule = Mapping[str, Any]
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def fits(rule: Rule, serial: str, check: str) -> bool:
    """Whether the check digit is right. A rule that we do not know fits nothing."""
    known = _RULES.get(str(rule["name"]))
    try:
        return known is not None and known(serial, check, rule)
    except ValueError:  # a letter where the rule counts digits
        return False


def decades(rule: Rule) -> float:
    """How much a right check digit tells, as a power of ten: one number in 10 has it by chance, or one in 36."""
    return log10(36) if rule["name"] == "mod_37_36" else 1.0


def _digit(character: str) -> int:
    return int(character) if character.isdigit() else (ord(character) - 3) % 10


def _up_to_ten(total: int) -> int:
    return -total % 10


def _mod10(serial: str, check: str, rule: Rule) -> bool:
    digits = serial[::-1] if rule.get("reverse") else serial
    even, odd = int(rule.get("evens_multiplier", 1)), int(rule.get("odds_multiplier", 1))
    total = sum(_digit(c) * (odd if place % 2 else even) for place, c in enumerate(digits))
    return _up_to_ten(total) == int(check)


def _mod7(serial: str, check: str, rule: Rule) -> bool:
    return int(serial) % 7 == int(check)


def _luhn(serial: str, check: str, rule: Rule) -> bool:
    doubled = (int(c) * (1 if place % 2 else 2) for place, c in enumerate(reversed(serial)))
    return _up_to_ten(sum(value - 9 if value > 9 else value for value in doubled)) == int(check)


def _weighted_sum(serial: str, weights: Sequence[int]) -> int:
    return sum(int(c) * weights[place % len(weights)] for place, c in enumerate(serial))


def _s10(serial: str, check: str, rule: Rule) -> bool:
    rest = 11 - _weighted_sum(serial, rule["weightings"]) % 11
    return {10: 0, 11: 5}.get(rest, rest) == int(check)


def _two_modulos(serial: str, check: str, rule: Rule) -> bool:
    total = _weighted_sum(serial, rule["weightings"])
    return total % int(rule["modulo1"]) % int(rule["modulo2"]) == int(check)


def _weighted(serial: str, check: str, rule: Rule) -> bool:
    return _up_to_ten(_weighted_sum(serial, rule["weightings"]) + int(rule.get("plus", 0))) == int(check)


def _mod_37_36(serial: str, check: str, rule: Rule) -> bool:
    product = 36
    for character in serial:
        product = (product + _ALPHABET.index(character)) % 36 or 36
        product = product * 2 % 37
    return (product + _ALPHABET.index(check)) % 36 == 1


_RULES: Final[Mapping[str, Callable[[str, str, Rule], bool]]] = {
    "mod10": _mod10,
    "mod7": _mod7,
    "luhn": _luhn,
    "s10": _s10,
    "sum_product_with_weightings_and_modulo": _two_modulos,
    "weighted": _weighted,
    "mod_37_36": _mod_37_36,
}
