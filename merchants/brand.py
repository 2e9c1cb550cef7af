"""A merchant's brand colour turned into the tokens that pages and messages use.

Any colour may come in; what goes out can be read. Lightness is moved in OKLCH, where equal steps look equal and a
hue stays itself, until the pair has the contrast that WCAG asks for: 4.5:1 for words, 3:1 for lines and dots.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core import signing

from merchants.models import Merchant

TEXT_CONTRAST = 4.5
MARK_CONTRAST = 3.0
# The grounds that words in the brand's colour stand on, as in static/css/tokens.css.
LIGHT_GROUNDS = ("#ffffff", "#f5f6f4")
DARK_GROUNDS = ("#131d22", "#0b1215")
LARGEST_RADIUS = 24

Color = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Brand:
    """The tokens. `*_dark` are for dark schemes; a fill with words on it is the same in both."""

    color: str
    on_color: str
    ink: str
    ink_dark: str
    mark: str
    mark_dark: str
    soft: str
    soft_dark: str
    radius: int
    radius_small: int


def brand_of(merchant: Merchant) -> Brand:
    """The tokens of a merchant's brand."""
    return make_brand(merchant.brand_color.lower(), min(merchant.corner_radius, LARGEST_RADIUS))


def brand_css(merchant: Merchant) -> str:
    """CSS for a `<style nonce>`: overrides the brand's tokens of static/css/tokens.css."""
    return _css(brand_of(merchant))


def brand_hex(merchant: Merchant) -> dict[str, str]:
    """The tokens as message templates know them (`brand.color`, `brand.on_color` …)."""
    brand = brand_of(merchant)
    return {
        "color": brand.color,
        "on_color": brand.on_color,
        "ink": brand.ink,
        "ink_dark": brand.ink_dark,
        "soft": brand.soft,
        "radius": f"{brand.radius_small}px",
    }


@lru_cache(maxsize=512)
def make_brand(color: str, radius: int) -> Brand:
    """The tokens of a colour (`#rrggbb`, lower case) and a corner radius in pixels."""
    lightness, chroma, hue = _to_oklch(color)
    # Very soft tones of the same hue. A grey stays grey.
    soft = _to_hex((0.955, min(chroma, 0.016), hue))
    soft_dark = _to_hex((0.285, min(chroma, 0.04), hue))
    ink = _moved(color, -0.01, lambda c: all(contrast(c, g) >= TEXT_CONTRAST for g in (*LIGHT_GROUNDS, soft)))
    # A dark ground wants a light tone with less colour in it, or it glares.
    pale = _to_hex((max(lightness, 0.77), min(chroma, 0.13), hue))
    ink_dark = _moved(
        pale, 0.01, lambda c: all(contrast(c, g) >= TEXT_CONTRAST for g in (*DARK_GROUNDS, soft_dark))
    )
    return Brand(
        color=color,
        on_color=max("#ffffff", "#000000", key=lambda words: contrast(words, color)),
        ink=ink,
        ink_dark=ink_dark,
        mark=_moved(color, -0.01, lambda c: all(contrast(c, g) >= MARK_CONTRAST for g in LIGHT_GROUNDS)),
        mark_dark=_moved(color, 0.01, lambda c: all(contrast(c, g) >= MARK_CONTRAST for g in DARK_GROUNDS)),
        soft=soft,
        soft_dark=soft_dark,
        radius=radius,
        radius_small=round(radius * 0.65),
    )


def contrast(one: str, other: str) -> float:
    """The contrast of two colours by WCAG 2: from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@dataclass(frozen=True, slots=True)
class Check:
    """How well one use of a brand colour can be read: the colour as it is, and the one that is used instead."""

    use: str  # button, text, text_dark, mark or mark_dark
    wished: str
    wished_ratio: float
    used: str
    ratio: float
    ground: str
    needed: float

    @property
    def is_mended(self) -> bool:
        return self.wished_ratio < self.needed


def checks(brand: Brand) -> list[Check]:
    """Every use of the colour with its contrast by WCAG 2. What is used always passes: `make_brand` saw to it."""
    white, on_card, on_dark = brand.on_color, LIGHT_GROUNDS[1], DARK_GROUNDS[0]
    uses = (
        ("button", white, white, brand.color, TEXT_CONTRAST),
        ("text", brand.color, brand.ink, on_card, TEXT_CONTRAST),
        ("text_dark", brand.color, brand.ink_dark, on_dark, TEXT_CONTRAST),
        ("mark", brand.color, brand.mark, on_card, MARK_CONTRAST),
        ("mark_dark", brand.color, brand.mark_dark, on_dark, MARK_CONTRAST),
    )
    return [
        Check(use, wished, contrast(wished, ground), used, contrast(used, ground), ground, needed)
        for use, wished, used, ground, needed in uses
    ]


_PREVIEW_SALT = "brand.preview"
_PREVIEW_SECONDS = 3600


def preview_token(merchant: Merchant, *, color: str, radius: int, scheme: str) -> str:
    """What the portal's preview page takes: looks that are not saved, vouched for by the dashboard for an hour."""
    return signing.dumps([str(merchant.pk), color, radius, scheme], salt=_PREVIEW_SALT, compress=True)


def read_preview(merchant: Merchant, token: str) -> tuple[str, int, str] | None:
    """Colour, radius and scheme of a preview of this merchant. None for anything else."""
    try:
        values: Any = signing.loads(token, salt=_PREVIEW_SALT, max_age=_PREVIEW_SECONDS)
    except signing.BadSignature:
        return None
    owner, color, radius, scheme = values
    return (color, radius, scheme) if owner == str(merchant.pk) else None


@lru_cache(maxsize=512)
def _css(brand: Brand) -> str:
    fixed = (
        f"--brand:{brand.color};--on-brand:{brand.on_color};"
        f"--radius:{brand.radius}px;--radius-small:{brand.radius_small}px;"
    )
    pairs = {
        "ink": (brand.ink, brand.ink_dark),
        "mark": (brand.mark, brand.mark_dark),
        "soft": (brand.soft, brand.soft_dark),
    }
    day = "".join(f"--brand-{name}:{light};" for name, (light, _) in pairs.items())
    both = "".join(f"--brand-{name}:light-dark({light},{dark});" for name, (light, dark) in pairs.items())
    return f":root{{{fixed}{day}}}@supports (color:light-dark(#000,#fff)){{:root{{{both}}}}}"


def _moved(color: str, step: float, is_fit: Callable[[str], bool]) -> str:
    """The colour nearest in lightness that is fit, going down (step < 0) or up."""
    lightness, chroma, hue = _to_oklch(color)
    while not is_fit(color) and 0 < lightness + step < 1:
        lightness += step
        color = _to_hex((lightness, chroma, hue))
    if is_fit(color):
        return color
    return "#000000" if step < 0 else "#ffffff"


# --- colour spaces: sRGB as hex, linear light, OKLCH (Björn Ottosson's matrices) --------------------------


def _linear(color: str) -> Color:
    red, green, blue = (_decoded(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return red, green, blue


def _decoded(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _encoded(value: float) -> float:
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _luminance(color: str) -> float:
    red, green, blue = _linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklch(color: str) -> Color:
    """Lightness 0–1, chroma, hue in radians."""
    red, green, blue = _linear(color)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _from_oklch(color: Color) -> Color:
    """Linear red, green and blue; outside 0–1 when the screen cannot show it."""
    lightness, chroma, hue = color
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _to_hex(color: Color) -> str:
    """The nearest colour that a screen can show: chroma gives way, lightness and hue stay."""
    lightness, chroma, hue = color
    rgb = _from_oklch(color)
    if not _is_shown(rgb):
        low, high = 0.0, chroma
        for _ in range(16):
            middle = (low + high) / 2
            if _is_shown(_from_oklch((lightness, middle, hue))):
                low = middle
            else:
                high = middle
        rgb = _from_oklch((lightness, low, hue))
    return "#" + "".join(f"{round(255 * _encoded(min(1.0, max(0.0, value)))):02x}" for value in rgb)


def _is_shown(rgb: Color) -> bool:
    return all(-0.0005 <= value <= 1.0005 for value in rgb)
