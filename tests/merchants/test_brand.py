"""Whatever colour a merchant picks, what is made of it can be read."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from merchants.brand import (
    DARK_GROUNDS,
    LIGHT_GROUNDS,
    MARK_CONTRAST,
    TEXT_CONTRAST,
    brand_css,
    brand_hex,
    contrast,
    make_brand,
)
from merchants.models import Merchant

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
TOKENS = Path(__file__).parents[2] / "static/css/tokens.css"


@given(COLORS)
@example("#000000")
@example("#ffffff")
@example("#ffff00")
@example("#0000ff")
@example("#777777")
def test_words_in_and_on_any_brand_colour_can_be_read(color: str) -> None:
    brand = make_brand(color, 14)
    assert contrast(brand.on_color, brand.color) >= TEXT_CONTRAST
    for ground in (*LIGHT_GROUNDS, brand.soft):
        assert contrast(brand.ink, ground) >= TEXT_CONTRAST
    for ground in (*DARK_GROUNDS, brand.soft_dark):
        assert contrast(brand.ink_dark, ground) >= TEXT_CONTRAST


@given(COLORS)
@example("#fffffe")
@example("#000001")
def test_lines_and_dots_can_be_seen_on_every_ground(color: str) -> None:
    brand = make_brand(color, 14)
    assert all(contrast(brand.mark, ground) >= MARK_CONTRAST for ground in LIGHT_GROUNDS)
    assert all(contrast(brand.mark_dark, ground) >= MARK_CONTRAST for ground in DARK_GROUNDS)


def test_a_colour_that_is_good_already_is_left_alone() -> None:
    brand = make_brand("#0b6b53", 14)
    assert (brand.color, brand.ink, brand.mark, brand.on_color) == ("#0b6b53",) * 3 + ("#ffffff",)


@pytest.mark.parametrize(("color", "strongest"), [("#e2001a", 0), ("#f5b400", 0), ("#2255dd", 2)])
def test_a_tone_keeps_its_hue(color: str, strongest: int) -> None:
    brand = make_brand(color, 0)
    for tone in (brand.ink, brand.ink_dark, brand.mark, brand.mark_dark):
        channels = [int(tone[i : i + 2], 16) for i in (1, 3, 5)]
        assert channels[strongest] == max(channels), tone


def test_the_grounds_are_those_of_the_style_sheet() -> None:
    css = TOKENS.read_text()
    assert re.search(r"--card: light-dark\(#fff, (#\w+)\)", css)[1] == DARK_GROUNDS[0]  # type: ignore[index]
    background = re.search(r"--bg: light-dark\((#\w+), (#\w+)\)", css)
    assert background
    assert background.groups() == (LIGHT_GROUNDS[1], DARK_GROUNDS[1])


def _expanded(color: str) -> str:
    return color if len(color) == 7 else "#" + "".join(2 * letter for letter in color[1:])


@pytest.mark.parametrize("scheme", [0, 1])
def test_the_installations_own_tones_can_be_read_too(scheme: int) -> None:
    pairs = dict(re.findall(r"--([\w-]+): (light-dark\(#\w+, #\w+\))", TOKENS.read_text()))
    tone = {
        name: _expanded(re.findall(r"#\w+", pair)[scheme])
        for name, pair in pairs.items()
    }  # fmt: skip
    grounds = [tone["card"], tone["bg"], tone["sunken"]]
    for words in ("ink", "ink-2", "brand-ink", "ok", "warn", "bad", "info"):
        for ground in grounds[:2] if words == "brand-ink" else grounds:
            assert contrast(tone[words], ground) >= TEXT_CONTRAST, (words, ground)
    for words in ("ok", "warn", "bad", "info", "brand"):
        ink = "brand-ink" if words == "brand" else words
        assert contrast(tone[ink], tone[f"{words}-soft"]) >= TEXT_CONTRAST, words
        assert contrast(tone["ink"], tone[f"{words}-soft"]) >= TEXT_CONTRAST, words
    assert contrast(tone["edge"], tone["card"]) >= MARK_CONTRAST
    assert contrast(tone["brand-mark"], tone["card"]) >= MARK_CONTRAST


def test_the_style_block_holds_colours_and_lengths_only() -> None:
    css = brand_css(Merchant(brand_color="#E2001A", corner_radius=200))
    assert "--brand:#e2001a;" in css
    assert "--radius:24px;" in css
    assert not re.search(r"[<>&\"'\\]", css)


def test_messages_get_the_same_brand_as_plain_hex() -> None:
    brand = brand_hex(Merchant(brand_color="#0b6b53", corner_radius=14))
    assert brand["color"] == "#0b6b53"
    assert brand["radius"] == "9px"
    assert all(re.fullmatch(r"#[0-9a-f]{6}", value) for name, value in brand.items() if name != "radius")
