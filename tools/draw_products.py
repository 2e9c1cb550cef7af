"""Draw the demo shop's pictures: `python -m tools.draw_products`.

For maintainers: the results are committed (static/demo/products/*.png, demo/seed/logo.png). Every picture is a few
shapes on a soft ground, drawn large and scaled down, so that nothing has to be licensed.
"""

import math
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

REPO = Path(__file__).resolve().parent.parent
PRODUCTS = REPO / "static" / "demo" / "products"
LOGO = REPO / "demo" / "seed" / "logo.png"

_SIZE, _SCALE = 128, 4
_GROUNDS = ("#eef1ec", "#f3efe6", "#e9eff2", "#f2ecee")

Draw = ImageDraw.ImageDraw
Shape = Callable[[Draw, str, str], None]


def _mix(color: str, other: str, share: float) -> str:
    one, two = (tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in (color, other))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(one, two, strict=True))


def _sweater(draw: Draw, color: str, dark: str) -> None:
    draw.polygon([(180, 130), (90, 200), (60, 360), (120, 375), (150, 270)], fill=color)
    draw.polygon([(332, 130), (422, 200), (452, 360), (392, 375), (362, 270)], fill=color)
    draw.rounded_rectangle((145, 120, 367, 400), 26, fill=color)
    draw.pieslice((206, 78, 306, 168), 0, 180, fill=dark)
    draw.rounded_rectangle((145, 372, 367, 400), 12, fill=dark)
    for y in range(190, 360, 40):
        draw.line([(165, y), (205, y + 18), (256, y), (307, y + 18), (347, y)], fill=dark, width=7)


def _beanie(draw: Draw, color: str, dark: str) -> None:
    draw.ellipse((218, 62, 294, 138), fill=dark)
    draw.pieslice((116, 106, 396, 460), 180, 360, fill=color)
    for x in (-80, -40, 0, 40, 80):
        draw.line([(256 + x // 3, 126), (256 + x, 280)], fill=dark, width=6)
    draw.rounded_rectangle((100, 276, 412, 360), 34, fill=dark)


def _socks(draw: Draw, color: str, dark: str) -> None:
    for left in (110, 252):
        draw.rounded_rectangle((left, 90, left + 96, 330), 20, fill=color)
        draw.rounded_rectangle((left, 280, left + 168, 400), 56, fill=color)
        draw.rounded_rectangle((left, 90, left + 96, 130), 14, fill=dark)
        draw.pieslice((left - 8, 296, left + 90, 404), 90, 270, fill=dark)
        draw.rectangle((left, 176, left + 96, 192), fill=dark)


def _mug(draw: Draw, color: str, dark: str) -> None:
    draw.ellipse((320, 190, 440, 330), outline=dark, width=30)
    draw.rounded_rectangle((116, 140, 356, 400), 40, fill=color)
    draw.ellipse((116, 116, 356, 172), fill=dark)
    draw.arc((140, 260, 332, 360), 200, 340, fill=dark, width=10)


def _kettle(draw: Draw, color: str, dark: str) -> None:
    draw.arc((140, 70, 372, 300), 190, 350, fill=dark, width=24)
    draw.polygon([(360, 250), (452, 180), (462, 206), (372, 330)], fill=color)
    draw.pieslice((96, 150, 416, 560), 180, 360, fill=color)
    draw.rectangle((96, 350, 416, 400), fill=color)
    draw.rounded_rectangle((86, 386, 426, 414), 12, fill=dark)
    draw.ellipse((234, 130, 278, 174), fill=dark)


def _bottle(draw: Draw, color: str, dark: str) -> None:
    draw.rounded_rectangle((206, 56, 306, 130), 18, fill=dark)
    draw.rounded_rectangle((176, 116, 336, 440), 52, fill=color)
    draw.rectangle((176, 250, 336, 330), fill=dark)
    draw.line([(204, 170), (204, 230)], fill=_mix(color, "#ffffff", 0.5), width=14)


def _backpack(draw: Draw, color: str, dark: str) -> None:
    draw.arc((196, 50, 316, 170), 180, 360, fill=dark, width=20)
    draw.rounded_rectangle((120, 110, 392, 430), 74, fill=color)
    draw.rounded_rectangle((150, 270, 362, 410), 30, fill=dark)
    draw.line([(150, 224), (362, 224)], fill=dark, width=12)
    draw.rounded_rectangle((236, 250, 276, 306), 10, fill=_mix(dark, "#ffffff", 0.6))


def _boots(draw: Draw, color: str, dark: str) -> None:
    for left in (84, 262):
        draw.rounded_rectangle((left, 110, left + 112, 370), 26, fill=color)
        draw.rounded_rectangle((left, 290, left + 176, 396), 46, fill=color)
        draw.rounded_rectangle((left - 6, 376, left + 182, 414), 16, fill=dark)
        for y in (160, 210, 260):
            draw.line([(left + 34, y), (left + 106, y + 12)], fill=dark, width=10)


def _blanket(draw: Draw, color: str, dark: str) -> None:
    for row in range(3):
        top = 140 + row * 90
        draw.rounded_rectangle((90, top, 422, top + 80), 34, fill=color if row % 2 == 0 else dark)
        draw.line([(120, top + 40), (392, top + 40)], fill=dark if row % 2 == 0 else color, width=8)
    for x in range(110, 420, 26):
        draw.line([(x, 402), (x, 436)], fill=dark, width=7)


def _lamp(draw: Draw, color: str, dark: str) -> None:
    draw.polygon([(180, 80), (332, 80), (400, 250), (112, 250)], fill=color)
    draw.rectangle((244, 250, 268, 400), fill=dark)
    draw.rounded_rectangle((166, 392, 346, 424), 14, fill=dark)
    draw.ellipse((232, 244, 280, 292), fill="#f6d77a")


def _candle(draw: Draw, color: str, dark: str) -> None:
    draw.polygon([(256, 56), (288, 120), (256, 160), (224, 120)], fill="#f2b544")
    draw.line([(256, 140), (256, 190)], fill=dark, width=10)
    draw.rounded_rectangle((166, 180, 346, 430), 30, fill=color)
    draw.rounded_rectangle((186, 270, 326, 360), 12, fill=_mix(color, "#ffffff", 0.65))
    draw.line([(210, 304), (302, 304)], fill=dark, width=8)
    draw.line([(226, 330), (286, 330)], fill=dark, width=8)


def _raincoat(draw: Draw, color: str, dark: str) -> None:
    draw.pieslice((186, 50, 326, 190), 180, 360, fill=dark)
    draw.polygon([(176, 120), (336, 120), (400, 430), (112, 430)], fill=color)
    draw.polygon([(176, 130), (96, 330), (146, 350), (206, 220)], fill=_mix(color, "#000000", 0.12))
    draw.polygon([(336, 130), (416, 330), (366, 350), (306, 220)], fill=_mix(color, "#000000", 0.12))
    draw.line([(256, 124), (256, 430)], fill=dark, width=9)
    for y in (190, 270, 350):
        draw.ellipse((266, y, 290, y + 24), fill=dark)


_SHAPES: dict[str, Shape] = {
    "sweater": _sweater, "beanie": _beanie, "socks": _socks, "mug": _mug, "kettle": _kettle, "bottle": _bottle,
    "backpack": _backpack, "boots": _boots, "blanket": _blanket, "lamp": _lamp, "candle": _candle,
    "raincoat": _raincoat,
}  # fmt: skip
# Two colours of each: 24 products (demo/seed/catalogue.py names them).
_COLORS = {
    "sweater": ("#2f6f8f", "#b5533c"), "beanie": ("#c98a2b", "#34505c"), "socks": ("#4c7a5d", "#8a3f52"),
    "mug": ("#3d6d8a", "#d9c6a5"), "kettle": ("#aa4a3a", "#47585f"), "bottle": ("#0b6b53", "#e0a33a"),
    "backpack": ("#7a5c3e", "#3a5a78"), "boots": ("#8b5e34", "#4a4a52"), "blanket": ("#5b7f95", "#a05a4c"),
    "lamp": ("#d8b45c", "#6f8f7c"), "candle": ("#b98a9b", "#8fa08a"), "raincoat": ("#e0b53c", "#37677f"),
}  # fmt: skip


def _picture(shape: str, color: str, ground: str) -> Image.Image:
    image = Image.new("RGB", (_SIZE * _SCALE, _SIZE * _SCALE), ground)
    _SHAPES[shape](ImageDraw.Draw(image), color, _mix(color, "#10201c", 0.38))
    small = image.resize((_SIZE, _SIZE), Image.Resampling.LANCZOS)
    return small.quantize(48, method=Image.Quantize.MEDIANCUT)


def _logo() -> Image.Image:
    """A compass star beside the name, on nothing, in tones that can be read on light and on dark."""
    side = 128 * _SCALE
    font = ImageFont.load_default(size=0.52 * side)
    width = round(side * 1.22 + font.getlength("Nordwind"))
    image = Image.new("RGBA", (width, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((12, 12, side - 12, side - 12), fill="#0b6b53")
    middle = side / 2
    for turn, length, color in ((0, 0.40, "#ffffff"), (1, 0.24, "#9fd3c3")):
        points = []
        for corner in range(8):
            angle = math.pi / 4 * corner + math.pi / 4 * turn - math.pi / 2
            reach = side * (length if corner % 2 == 0 else 0.07)
            points.append((middle + reach * math.cos(angle), middle + reach * math.sin(angle)))
        draw.polygon(points, fill=color)
    draw.ellipse((middle - 18, middle - 18, middle + 18, middle + 18), fill="#0b6b53")
    draw.text((side * 1.16, middle), "Nordwind", font=font, fill="#1f8f72", anchor="lm", stroke_width=5)
    small = image.resize((width // _SCALE, 128), Image.Resampling.LANCZOS)
    return small.quantize(64, method=Image.Quantize.FASTOCTREE)


def main() -> None:
    PRODUCTS.mkdir(parents=True, exist_ok=True)
    for index, (shape, colors) in enumerate(_COLORS.items()):
        for number, color in enumerate(colors, start=1):
            ground = _GROUNDS[(index + number) % len(_GROUNDS)]
            _picture(shape, color, ground).save(PRODUCTS / f"{shape}-{number}.png", optimize=True)
    _logo().save(LOGO, optimize=True)


if __name__ == "__main__":
    main()
