"""What is kept of a group of shoppers: their number and five sums, of which everything else is computed.

Pure numbers, plain floats: a web process computes a page of effects without numpy (30 MB), and from a row a group.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Pair = tuple["Sums", "Sums"]  # those who got the message, those who were held out


@dataclass(frozen=True)
class Sums:
    """A group. `y` is what is measured of a shopper, `x` what they had spent before.

    hits: how many have a `y` other than 0.
    """

    n: int = 0
    hits: int = 0
    x: float = 0.0
    xx: float = 0.0
    y: float = 0.0
    yy: float = 0.0
    xy: float = 0.0

    @classmethod
    def of(cls, shoppers: Iterable[tuple[float, float]]) -> "Sums":
        """The sums of a group of (x, y)."""
        n, hits, x, xx, y, yy, xy = 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0
        for before, after in shoppers:
            n += 1
            hits += after != 0
            x += before
            xx += before * before
            y += after
            yy += after * after
            xy += before * after
        return cls(n, hits, x, xx, y, yy, xy)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.n + other.n, self.hits + other.hits, self.x + other.x, self.xx + other.xx, self.y + other.y,
            self.yy + other.yy, self.xy + other.xy,
        )  # fmt: skip

    @property
    def mean_x(self) -> float:
        return self.x / self.n if self.n else 0.0

    @property
    def mean_y(self) -> float:
        return self.y / self.n if self.n else 0.0

    @property
    def within_xx(self) -> float:
        """Sum of squares of x around its mean."""
        return max(0.0, self.xx - self.x * self.mean_x)

    @property
    def within_xy(self) -> float:
        """Sum of products around both means."""
        return self.xy - self.x * self.mean_y

    def squares(self, slope: float) -> float:
        """Sum of squares of y − slope·x around its mean."""
        return max(
            0.0,
            self.yy - self.y * self.mean_y - 2 * slope * self.within_xy + slope * slope * self.within_xx,
        )


def slope_of(groups: Iterable[Sums]) -> float:
    """How y goes with x inside the groups (CUPED's theta): least squares, 0 when x tells nothing."""
    over = under = 0.0
    for group in groups:
        over += group.within_xy
        under += group.within_xx
    return over / under if under > 0 else 0.0


def everybody(strata: Mapping[int, Pair]) -> Pair:
    """Both groups over all strata."""
    sent, held_out = Sums(), Sums()
    for one, other in strata.values():
        sent, held_out = sent + one, held_out + other
    return sent, held_out
