"""Computes quantiles of Student's t distribution, which confidence intervals of a mean need."""

import math
from functools import lru_cache

STEPS = 400  # of Simpson's rule; the integrand is smooth, so that this is exact to ten digits


@lru_cache(maxsize=1000)  # it takes some milliseconds, and the same few are asked for again and again
def t_quantile(p: float, degrees: int) -> float:
    """Return the number below which a value lies with probability p, by Student's t with so many degrees of freedom.

    p        from 0 to 1; at the ends the quantile is infinite
    degrees  at least 1

    Raises ValueError for another p or fewer degrees.

    >>> round(t_quantile(0.975, 9), 3)
    2.262
    """
    if not 0 <= p <= 1 or degrees < 1:
        raise ValueError(f"there is no {p}-quantile with {degrees} degrees of freedom")
    if p in (0, 1):
        return math.inf if p else -math.inf
    low, high = 0.0, math.pi / 2
    whole = _area(high, degrees)
    for _ in range(60):  # with t = sqrt(degrees) tan(angle) the density is cos(angle) ** (degrees - 1), up to a factor
        middle = (low + high) / 2
        if _area(middle, degrees) < abs(2 * p - 1) * whole:
            low = middle
        else:
            high = middle
    return math.copysign(math.sqrt(degrees) * math.tan(low), p - 0.5)


def _area(angle: float, degrees: int) -> float:
    """Return the integral of cos ** (degrees - 1) from 0 to the angle, by Simpson's rule."""
    step = angle / STEPS
    heights = [math.cos(i * step) ** (degrees - 1) for i in range(STEPS + 1)]
    return step / 3 * (heights[0] + 4 * sum(heights[1::2]) + 2 * sum(heights[2:-1:2]) + heights[-1])
