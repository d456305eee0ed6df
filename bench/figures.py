"""What a bench is asked for and what it says: named figures, each with the target it is held against.

Every bench is a module with `run(wanted) -> Iterable[Figure]`. A figure is a ratio wherever it can be, measured against
a bare limit in the same run, in alternating rounds, so that it means the same on another machine.
"""

import argparse
import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    rounds: int = 5
    seconds: float = 3
    """How long one round of load takes, where a bench works by time."""
    databases: Sequence[str] = ("sqlite", "postgresql")
    as_json: bool = False
    invoices: int = 1000
    """How many are sold, where a bench works by documents."""


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str = "ratio"
    target: str = ""
    """In words, such as "at least 0.8"; empty where there is none."""
    lowest: float | None = None
    highest: float | None = None
    """Of the rounds, where the value is their median."""


def of_rounds(name: str, values: Sequence[float], unit: str = "ratio", target: str = "") -> Figure:
    return Figure(name, statistics.median(values), unit, target, min(values), max(values))


def wanted_from(description: str, argv: Sequence[str] | None = None) -> Wanted:
    usual = Wanted()
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="of load in one round")
    parser.add_argument("--invoices", type=int, default=usual.invoices, help="of the standard mix")
    parser.add_argument("--quick", action="store_true", help="one round of three seconds, fifty invoices")
    parser.add_argument("--database", choices=usual.databases, help="one of them only")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each figure")
    given = parser.parse_args(argv)
    databases = (given.database,) if given.database else usual.databases
    if given.quick:
        return Wanted(1, 3, databases, given.json, 50)
    return Wanted(given.rounds, given.seconds, databases, given.json, given.invoices)


def show(figures: Iterable[Figure], *, as_json: bool = False) -> None:
    """A table, or one line of JSON for each figure, as soon as it is known."""
    for one in figures:
        if as_json:
            print(json.dumps(asdict(one)), flush=True)
            continue
        spread = "" if one.lowest is None else f"{one.lowest:.4g} to {one.highest:.4g}"
        print(f"{one.name:56}{one.value:10.4g}  {one.unit:10}{spread:20}{one.target}".rstrip(), flush=True)
