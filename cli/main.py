"""The one command. Whatever goes wrong ends in one clear sentence and a non-zero exit, never in a traceback."""

import json
import sys
from collections.abc import Sequence

import click
from sqlalchemy.exc import DBAPIError

from cli.books import state_hash, status, trial_balance
from cli.operating import backup, doctor, restore
from cli.serve import scheduler, up, web, worker
from cli.setting import connect, database, key, rate, rules, setup
from cli.show import demo, sandbox
from core.errors import HubError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="subledger", prog_name="subledger")
def cli() -> None:
    """Subledger keeps gateway, ledger and CRM equal to the cent, and can prove it."""


for command in (up, web, worker, scheduler, sandbox, demo, status, trial_balance, state_hash, setup, connect, rules):
    cli.add_command(command)
for command in (rate, key, database, doctor, backup, restore):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    wanted = list(sys.argv[1:] if arguments is None else arguments)
    try:
        sys.exit(cli.main(wanted, prog_name="subledger", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(0)
    except click.ClickException as error:
        _fail(error.format_message(), wanted, 2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except HubError as error:
        _fail(str(error), wanted, 1)
    except DBAPIError as error:
        _fail(f"The database did not do its part: {str(error.orig).splitlines()[0]}", wanted, 1)
    except OSError as error:
        _fail(f"{error.strerror or error}: {error.filename}" if error.filename else str(error), wanted, 1)


def _fail(sentence: str, wanted: Sequence[str], code: int) -> None:
    click.echo(json.dumps({"error": sentence}) if "--json" in wanted else f"subledger: {sentence}", err=True)
    sys.exit(code)
