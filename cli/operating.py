"""Running it for real: looking it over, backing it up, putting a backup back."""

from pathlib import Path

import click

from cli.output import Printed, Say, announcing, printing, progress, sentence, table
from core.errors import HubError
from core.settings import settings
from worker.backup import ASK_FIRST_DAYS, back_up
from worker.backup import restore as put_back
from worker.doctor import examine

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@announcing
def doctor(say: Say) -> None:
    """Look everything over; every finding says what to do.

    It ends with 1 if something is wrong.
    """
    findings = list(examine(settings()))
    wrong = [one for one in findings if not one.good]
    rows = [["ok" if one.good else "wrong", one.what, one.sentence] for one in findings]
    told = [{"what": one.what, "good": one.good, "sentence": one.sentence} for one in findings]
    say({"findings": told}, lambda to: to.print(table(["", "what", ""], rows)))
    if wrong:
        raise HubError(f"{len(wrong)} of {len(findings)} checks failed; the first: {wrong[0].sentence}")


@click.command()
@click.argument("file", type=_FILE)
@printing
def backup(file: Path) -> Printed:
    """Copy the database to FILE while the hub runs.

    Keep the key elsewhere: a copy is of no use without it.
    """
    with progress("copying the database") as told:
        back_up(settings(), file, told)
    return {"backup": str(file)}, sentence(f"The database was copied to {file}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@printing
def restore(file: Path) -> Printed:
    """Put FILE in the place of the database.

    The hub has to be stopped. Nothing is sent twice afterwards.
    """
    with progress("putting the copy back") as told:
        put_back(settings(), file, told)
    words = (
        f"The database is as it was in {file}. For {ASK_FIRST_DAYS} days everything that is to be created at a vendor "
        "is asked about first."
    )
    return {"restored": str(file), "asks_first_days": ASK_FIRST_DAYS}, sentence(words)
