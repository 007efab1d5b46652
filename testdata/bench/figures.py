"""What is made of samples: medians with their spread, and ratios of what ran in the same round."""
import math
import statistics
from typing import NamedTuple


class Sample(NamedTuple):
    """One run of a program and of all that it waited for."""

    wall: float  # seconds from the start to the exit
    cpu: float  # seconds, user and system


class Figure(NamedTuple):
    """A median, and the smallest and the largest value it was taken from."""

    mid: float
    low: float
    high: float

    def __str__(self):
        return f"{significant(self.mid)} ({significant(self.low)} to {significant(self.high)})"


def figure(values):
    values = list(values)
    return Figure(statistics.median(values), min(values), max(values))


def paired(combine, *series):
    """The figure of combine(a, b, ...) over samples of the same round, never over their medians:
    what slows a round slows all who are in it."""
    rounds = {len(s) for s in series}
    if len(rounds) != 1:
        raise ValueError(f"these did not run in the same rounds: {sorted(rounds)}")
    return figure(combine(*samples) for samples in zip(*series))


def significant(x):
    """x with three digits, as one writes it: 0.0123, 1.23, 123, 12,300."""
    if x == 0:
        return "0"
    places = 2 - math.floor(math.log10(abs(float(f"{x:.3g}"))))
    return f"{round(x, places):,.{max(places, 0)}f}"
