"""An interval that stays valid however often one looks at it.

An ordinary 95 % interval is right 19 times in 20 for *one* look at a time that was set before. Whoever looks every day
and stops at the first good day finds an effect where none is, sooner or later nearly always. A confidence sequence is
right at all times at once: in 19 of 20 experiments it never once leaves out the truth, at whatever moment one stops.

Which one: the asymptotic confidence sequence with Robbins' normal mixture of Waudby-Smith, Arbour, Sinha, Kennedy and
Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52 (2024), Theorem
2.2 (arXiv:2103.06476), for a difference of means under random assignment (there, section 3.1). It stands on Howard,
Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49
(2021), of which the bounded variants would be several times wider for money and for a small holdout.
"""

import math

ALPHA = 0.05
# The interval is tightest when about so many are held out (per group of a split in halves: twice as many). Fixed before
# anybody looks; far from it the interval is a little wider, and as valid.
TUNED_AT = 250.0


def reach(variance: float, information: float, *, alpha: float = ALPHA, tuned_at: float = TUNED_AT) -> float:
    """Half of the interval's width around an estimate.

    variance: of the estimate. information: 1 / (1/n₁ + 1/n₀), the size of the smaller group as long as the other one
    is much larger; it plays the time's part. Infinite as long as nothing is known.
    """
    if information <= 0:
        return math.inf
    return math.sqrt(variance) * multiple(information, alpha=alpha, tuned_at=tuned_at)


def multiple(information: float, *, alpha: float = ALPHA, tuned_at: float = TUNED_AT) -> float:
    """How many standard errors the interval reaches to each side: what is 1.96 for a single look."""
    scaled = information * _rho_squared(alpha) / tuned_at + 1
    return math.sqrt(2 * scaled / (scaled - 1) * math.log(math.sqrt(scaled) / alpha))


def _rho_squared(alpha: float) -> float:
    """The mixture's parameter, for a time of 1 (there, appendix on choosing rho)."""
    return -2 * math.log(alpha) + math.log(-2 * math.log(alpha)) + 1
