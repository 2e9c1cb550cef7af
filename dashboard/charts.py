"""Charts as SVG, drawn on the server: no script, no style attribute, colours by class (static/css/app.css).

Every chart carries its words: `role="img"` with a title for a sparkline, a title for every bar. Widths and heights are
numbers of the picture's own; the page stretches it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_SPARK_WIDTH, _SPARK_HEIGHT = 96, 30
_WIDTH, _HEIGHT = 640, 210
_LEFT, _BOTTOM, _TOP = 40, 24, 8
_GAP = 0.28  # of a bar's place


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
    span, last = (high - low) or 1.0, len(values) - 1
    points = [
        (
            3 + index / last * (_SPARK_WIDTH - 8),
            _SPARK_HEIGHT - 4 - (value - low) / span * (_SPARK_HEIGHT - 8),
        )
        for index, value in known
    ]
    x, y = points[-1]
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" width="{}" height="{}" role="img"><title>{}</title>'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="2.5"/></svg>',
        _SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_WIDTH, _SPARK_HEIGHT, title,
        " ".join(f"{px:.1f},{py:.1f}" for px, py in points), f"{x:.1f}", f"{y:.1f}",
    )  # fmt: skip


def stacked_bars(bars: Sequence[Bar], classes: Sequence[str], title: str) -> SafeString:
    """Bars of stacked parts, the first at the bottom, over a scale with round numbers. `classes`: of the parts."""
    top = _round_up(max((sum(bar.parts) for bar in bars), default=0))
    plot = _HEIGHT - _BOTTOM - _TOP
    step = (_WIDTH - _LEFT) / max(len(bars), 1)
    drawn = format_html_join(
        "", "<g><title>{}</title>{}</g>",
        ((bar.title, _bar(bar, classes, _LEFT + step * (n + _GAP / 2), step * (1 - _GAP), plot / top))
         for n, bar in enumerate(bars)),
    )  # fmt: skip
    every = max(1, ceil(len(bars) / 7))
    labels = format_html_join(
        "", '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        ((f"{_LEFT + step * (n + 0.5):.0f}", _HEIGHT - 7, bar.label)
         for n, bar in enumerate(bars) if n % every == 0),
    )  # fmt: skip
    return format_html(
        '<svg class="bars" viewBox="0 0 {} {}" role="img" direction="ltr"><title>{}</title>{}{}{}</svg>',
        _WIDTH, _HEIGHT, title, _scale(top, plot), drawn, labels,
    )  # fmt: skip


def _bar(bar: Bar, classes: Sequence[str], x: float, width: float, unit: float) -> SafeString:
    """The parts of one bar. A part that is there is seen, however small."""
    rects, bottom = [], float(_HEIGHT - _BOTTOM)
    for part, name in zip(bar.parts, classes, strict=True):
        if part:
            height = max(part * unit, 1.5)
            bottom -= height
            rects.append((name, f"{x:.1f}", f"{bottom:.1f}", f"{width:.1f}", f"{height:.1f}"))
    return format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', rects)


def _scale(top: int, plot: int) -> SafeString:
    lines = []
    for quarter in range(5):
        y = _HEIGHT - _BOTTOM - plot * quarter / 4
        lines.append((_LEFT, f"{y:.1f}", _WIDTH, f"{y:.1f}", _LEFT - 7, f"{y + 4:.1f}", top * quarter // 4))
    return format_html_join(
        "", '<line x1="{}" y1="{}" x2="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>', lines
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
