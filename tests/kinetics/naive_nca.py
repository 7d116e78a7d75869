"""A deliberately naive second implementation of the kinetic parameters, to hold the real one against.

Written from the definitions only: areas by thousands of thin straight slices of the drawn curve, the half-life by NumPy's
polynomial fit over every n, with loops and no shared code.
"""

from itertools import pairwise

import numpy as np


def usable(days, values):
    """Zeros are below quantification: kept before the first positive, dropped in the middle, cut after the last."""
    positive = [i for i, value in enumerate(values) if value > 0]
    if not positive:
        return [], []
    keep = [i for i in range(len(values)) if i < positive[0] or values[i] > 0]
    return [days[i] for i in keep], [values[i] for i in keep]


def curve(day, days, values, logdown):
    """The drawn level at any day."""
    for i in range(len(days) - 1):
        if days[i] <= day <= days[i + 1]:
            share = (day - days[i]) / (days[i + 1] - days[i])
            low, high = values[i], values[i + 1]
            if logdown and high < low and high > 0:
                return low * (high / low) ** share
            return low + share * (high - low)
    raise AssertionError(day)


def area(days, values, end=None, logdown=False, slices=4000):
    """The area under the drawn curve from the first day to `end`, in thin trapezia between the sampled days."""
    days, values = usable(days, values)
    if not days:
        return 0.0
    end = days[-1] if end is None or end > days[-1] else end
    total = 0.0
    for left, right in pairwise(days):
        right = min(right, end)
        if right <= left:
            continue
        grid = np.linspace(left, right, slices)
        total += float(np.trapezoid([curve(day, days, values, logdown) for day in grid], grid))
    return total


def half_life(days, values):
    """Best adjusted R² over the last n >= 3 positive points after the peak; the larger n within 0.0001."""
    pairs = [(day, value) for day, value in zip(days, values, strict=True) if value > 0]
    if not pairs:
        return None
    top = max(value for _, value in pairs)
    peak = min(day for day, value in pairs if value == top)
    tail = [(day, value) for day, value in pairs if day > peak]
    tried = []
    for n in range(3, len(tail) + 1):
        t = np.array([day for day, _ in tail[-n:]])
        y = np.log([value for _, value in tail[-n:]])
        slope, intercept = np.polyfit(t, y, 1)
        residual, spread = np.sum((y - slope * t - intercept) ** 2), np.sum((y - y.mean()) ** 2)
        if spread > 1e-20:
            tried.append((1 - residual / spread * (n - 1) / (n - 2), n, slope))
    if not tried:
        return None
    best = max(tried)[0]
    _, _, slope = max((fit for fit in tried if fit[0] >= best - 0.0001), key=lambda fit: fit[1])
    return -np.log(2) / slope if slope < 0 else None
