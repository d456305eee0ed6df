"""Everything that prints does so twice: as a table for people, as JSON on request."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import click
from rich.console import Console
from rich.table import Table

Printed = tuple[Mapping[str, Any], Callable[[Console], None]]
"""What goes out as JSON, and how people see it."""


def printing(command: Callable[..., Printed]) -> Callable[..., None]:
    """Adds `--json` to a command that returns what it has to say."""

    @click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of a table.")
    @wraps(command)
    def shown(*args: Any, as_json: bool, **kwargs: Any) -> None:
        told, show = command(*args, **kwargs)
        if as_json:
            click.echo(json.dumps(told))
        else:
            show(Console())

    return shown


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> Table:
    """Columns named in `right` hold numbers."""
    made = Table(header_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", no_wrap=column in right)
    for row in rows:
        made.add_row(*row)
    return made


def sentence(text: str) -> Callable[[Console], None]:
    return lambda console: console.print(text, soft_wrap=True)
