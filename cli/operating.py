"""Running it for real: looking it over, backing it up, putting a backup back."""

from pathlib import Path

import click
from rich.console import Console

from cli.output import Printed, printing, sentence, table
from core.errors import HubError
from core.settings import settings
from worker.backup import ASK_FIRST_DAYS, back_up
from worker.backup import restore as put_back
from worker.doctor import examine

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@printing
def doctor() -> Printed:
    """Look everything over; every finding says what to do. Exit code 1 if something is wrong."""
    findings = list(examine(settings()))
    wrong = [one for one in findings if not one.good]
    told = {"findings": [{"what": one.what, "good": one.good, "sentence": one.sentence} for one in findings]}

    def show(console: Console) -> None:
        rows = [["ok" if one.good else "[bold red]wrong[/bold red]", one.what, one.sentence] for one in findings]
        console.print(table(["", "what", ""], rows))

    if wrong:
        show(Console(stderr=True))
        raise HubError(f"{len(wrong)} of {len(findings)} checks failed; the first: {wrong[0].sentence}")
    return told, show


@click.command()
@click.argument("file", type=_FILE)
@printing
def backup(file: Path) -> Printed:
    """Copy the database to FILE while the hub runs. Keep the key elsewhere: a copy is of no use without it."""
    back_up(settings(), file)
    return {"backup": str(file)}, sentence(f"The database was copied to {file}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@printing
def restore(file: Path) -> Printed:
    """Put FILE in the place of the database, the hub being stopped. Nothing is sent twice afterwards."""
    put_back(settings(), file)
    words = (
        f"The database is as it was in {file}. For {ASK_FIRST_DAYS} days everything that is to be created at a vendor "
        "is asked about first."
    )
    return {"restored": str(file), "asks_first_days": ASK_FIRST_DAYS}, sentence(words)
