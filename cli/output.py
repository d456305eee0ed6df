"""Everything that prints does so twice: as a table for people, as JSON on request."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

Show = Callable[[Console], None]
"""How people see it."""

Printed = tuple[Mapping[str, Any], Show]
"""What goes out as JSON, and how people see it."""

Told = Callable[[int, int], None]
"""Hears how much is done, and of how much; of nothing where that is not known."""

Say = Callable[[Mapping[str, Any], Show], None]

_PIPED_WIDTH = 200


def printing(command: Callable[..., Printed]) -> Callable[..., None]:
    """Adds `--json` to a command that returns what it has to say."""

    @_json_option
    @wraps(command)
    def shown(*args: Any, as_json: bool, **kwargs: Any) -> None:
        _saying(as_json)(*command(*args, **kwargs))

    return shown


def announcing(command: Callable[..., None]) -> Callable[..., None]:
    """Adds `--json` to a command that stays: it says what it has to say, by its first argument, once it is up."""

    @_json_option
    @wraps(command)
    def shown(*args: Any, as_json: bool, **kwargs: Any) -> None:
        command(_saying(as_json), *args, **kwargs)

    return shown


@contextmanager
def progress(what: str) -> Iterator[Told]:
    """A bar on the error stream of a terminal; nothing where a program reads."""
    to = console(stderr=True)
    as_json = click.get_current_context().params["as_json"]
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=to, transient=True, disable=as_json or not to.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


def console(*, stderr: bool = False) -> Console:
    """Prints texts as they are: a bracket in a vendor's words is no markup. Not cut where nobody looks."""
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not made.is_terminal:
        made.width = _PIPED_WIDTH
    return made


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> Table:
    """Columns named in `right` hold numbers."""
    made = Table(header_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", no_wrap=column in right)
    for row in rows:
        made.add_row(*map(printable, row))
    return made


def sentence(text: str) -> Show:
    return lambda to: to.print(printable(text), soft_wrap=True)


def printable(text: str) -> str:
    """What could steer a terminal is shown as what it is: not text."""
    return "".join(one if one.isprintable() or one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in text)


_json_option = click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of a table.")


def _saying(as_json: bool) -> Say:
    def say(told: Mapping[str, Any], show: Show) -> None:
        if as_json:
            click.echo(json.dumps(told))
        else:
            show(console())

    return say
