"""What a bench says: named figures, each with the target it is held against.

Every bench is a module with `run(wanted) -> Iterable[Figure]`. A figure is a ratio wherever it can be, measured against
a bare limit in the same run, so that it means the same on another machine.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str = "ratio"
    target: str = ""
    """In words, such as "at least 0.8"; empty where there is none."""


def show(figures: Iterable[Figure], *, as_json: bool = False) -> None:
    """A table, or one line of JSON for each figure, as soon as it is known."""
    for one in figures:
        if as_json:
            print(json.dumps(asdict(one)), flush=True)
        else:
            print(f"{one.name:64}{one.value:12.4g}  {one.unit:12}{one.target}".rstrip(), flush=True)
