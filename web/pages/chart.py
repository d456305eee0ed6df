"""A day's bars, worked out here so that the page needs no script: places and sizes in the chart's own units."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.store.reading.flow import Hour

HEIGHT, WIDTH = 120, 720
_GAP = 6


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    width: int
    told_height: int
    written_height: int
    hour: Hour


@dataclass(frozen=True, slots=True)
class Chart:
    bars: Sequence[Bar]
    top: int
    """What the upper line stands for."""
    told: int
    written: int


def of(hours: Sequence[Hour]) -> Chart:
    """Two bars for each hour; the highest one fills the chart up to a round number."""
    top = _round_up(max((max(hour.told, hour.written) for hour in hours), default=0))
    step = WIDTH // len(hours)
    width = (step - _GAP) // 2
    bars = [
        Bar(index * step + _GAP // 2, width, _height(hour.told, top), _height(hour.written, top), hour)
        for index, hour in enumerate(hours)
    ]
    return Chart(bars, top, sum(hour.told for hour in hours), sum(hour.written for hour in hours))


def _height(count: int, top: int) -> int:
    """Something is always to be seen of something."""
    return 0 if not count else max(2, count * HEIGHT // top)


def _round_up(count: int) -> int:
    size = 10
    while size < count:
        size = size * 2 if str(size)[0] in "15" else size * 5 // 2
    return size
