"""Charts as SVG, drawn on the server: no script, no style attribute, colours by class (static/css/app.css).

Every chart carries its words: `role="img"` with a title, and a title for every bar. Widths and heights are numbers of
the picture's own; the page stretches it. Ninety days have to be small: a series is one path in units of days and of
parcels, and `transform` makes pixels of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_SPARK_WIDTH, _SPARK_HEIGHT = 96, 30
_SPARK_STEPS = 44  # of its height, half a pixel each
_SPARK_POINTS = 48
_WIDTH, _HEIGHT = 640, 210
_LAST_LABEL = _WIDTH - 26  # Farther to the right a day would not be seen whole.
_LEFT, _BOTTOM, _TOP = 40, 24, 8
_FULL = ".72"  # of a bar's place


@dataclass(frozen=True)
class Bar:
    """One bar of a stacked chart: what stands below it, what it says, and how high each part is."""

    label: str
    title: str
    parts: tuple[int, ...]


def sparkline(values: Sequence[float | None], title: str) -> SafeString:
    """A small line of a figure's days; days without a figure are left out. Empty with fewer than two."""
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return SafeString("")
    low, high = min(value for _, value in known), max(value for _, value in known)
    span, step = (high - low) or 1.0, (_SPARK_WIDTH - 8) / (len(values) - 1)
    every = ceil(len(known) / _SPARK_POINTS)  # more than every second pixel nobody sees; the last day always
    points = [(index, round((high - value) / span * _SPARK_STEPS)) for index, value in known[::-every][::-1]]
    moves = [f"{x - px} {y - py}" for (px, py), (x, y) in pairwise(points)]
    last_x, last_y = points[-1]
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" width="{}" height="{}" role="img"><title>{}</title>'
        '<path transform="translate(3 4) scale({} .5)" d="M{} {}l{}"/><circle cx="{}" cy="{}" r="2.5"/></svg>',
        _SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_WIDTH, _SPARK_HEIGHT, title, f"{step:.4g}", *points[0], " ".join(moves),
        f"{3 + last_x * step:.1f}", f"{4 + last_y / 2:.1f}",
    )  # fmt: skip


def stacked_bars(bars: Sequence[Bar], classes: Sequence[str], title: str) -> SafeString:
    """Bars of stacked parts, the first at the bottom, over a scale with round numbers. `classes`: of the parts.

    A bar without a title says nothing when one points at it.
    """
    top = _round_up(max((sum(bar.parts) for bar in bars), default=0))
    plot = _HEIGHT - _BOTTOM - _TOP
    step = (_WIDTH - _LEFT) / max(len(bars), 1)
    unit = max(1.0, top / plot / 2)  # half a pixel is as fine as one sees, and has fewer digits
    drawn_parts = _series(bars, len(classes), unit, 1.5 * top / plot / unit)
    series = format_html_join(
        "", '<path class="{}" d="{}"/>',
        ((name, drawn) for name, drawn in zip(classes, drawn_parts, strict=True) if drawn),
    )  # fmt: skip
    told = format_html_join(
        "", '<path d=M{},0v{}><title>{}</title></path>',
        ((n, f"{top / unit:g}", bar.title) for n, bar in enumerate(bars) if bar.title),
    )  # fmt: skip
    every = max(1, ceil(len(bars) / 7))
    labels = format_html_join(
        "", '<text x="{}" y="{}">{}</text>',
        ((f"{min(_LEFT + step * (n + 0.5), _LAST_LABEL):.0f}", _HEIGHT - 7, bar.label)
         for n, bar in enumerate(bars) if n % every == 0),
    )  # fmt: skip
    return format_html(
        '<svg class="bars" viewBox="0 0 {} {}" role="img" direction="ltr"><title>{}</title>{}'
        '<g transform="translate({} {}) scale({} {})"><g stroke-width="{}">{}</g>{}</g>'
        '<g text-anchor="middle">{}</g></svg>',
        _WIDTH, _HEIGHT, title, _scale(top, plot), f"{_LEFT + step / 2:.4g}", _HEIGHT - _BOTTOM, f"{step:.4g}",
        f"{-plot * unit / top:.4g}", _FULL, series, told, labels,
    )  # fmt: skip


def _series(bars: Sequence[Bar], parts: int, unit: float, least: float) -> list[str]:
    """The path of each part: an upright line a bar, as high as it counts, in steps of `unit`. What is there is seen."""
    paths: list[list[str]] = [[] for _ in range(parts)]
    for n, bar in enumerate(bars):
        bottom = 0.0
        for path, part in zip(paths, bar.parts, strict=True):
            if part:
                height = max(round(part / unit), round(least, 2))
                path.append(f"M{n} {bottom:g}v{height:g}")
                bottom += height
    return ["".join(path) for path in paths]


def _scale(top: int, plot: int) -> SafeString:
    lines = []
    for quarter in range(5):
        y = _HEIGHT - _BOTTOM - plot * quarter / 4
        lines.append((_LEFT, f"{y:g}", _WIDTH, _LEFT - 7, f"{y + 4:g}", top * quarter // 4))
    return format_html(
        '<g text-anchor="end">{}</g>',
        format_html_join("", '<path d="M{} {}H{}"/><text x="{}" y="{}">{}</text>', lines),
    )


def _round_up(highest: int) -> int:
    """The end of the scale: a round number that four steps divide."""
    if highest <= 4:
        return 4
    unit = 10 ** int(log10(highest))
    for factor in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10):
        top = int(unit * factor)
        if top >= highest and top % 4 == 0:
            return top
    return unit * 12
