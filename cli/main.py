"""The one command. Whatever goes wrong ends in one clear sentence and a non-zero exit, never in a traceback."""

import json
import sys
from collections.abc import Sequence

import click
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from cli.books import reconcile, state_hash, status, trial_balance
from cli.listing import deliveries, events, records
from cli.matrix import connectors
from cli.operating import backup, doctor, restore
from cli.output import printable
from cli.people import people
from cli.serve import scheduler, up, web, worker
from cli.setting import api_key, database, key, rate, rules, setup, tokens, webhook_secret
from cli.show import demo, run, sandbox
from core.errors import HubError

_COMMANDS = (
    demo,
    run,
    sandbox,
    database,
    key,
    setup,
    webhook_secret,
    rules,
    rate,
    tokens,
    api_key,
    people,
    up,
    web,
    worker,
    scheduler,
    status,
    records,
    deliveries,
    events,
    reconcile,
    trial_balance,
    state_hash,
    connectors,
    doctor,
    backup,
    restore,
)


class _InOrder(click.Group):
    """Lists its commands as they are met: seeing it, setting it up, running it, asking it."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_InOrder,
    commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every command speaks JSON with --json. It ends with 0 if all is well, 1 if something could not be done or "
    "is not equal, 2 if it was asked for in a wrong way. Settings are SUBLEDGER_HOME, SUBLEDGER_HOST, SUBLEDGER_PORT, "
    "SUBLEDGER_KEYS, SUBLEDGER_TRUSTED_PROXIES, DATABASE_URL and REDIS_URL.",
)
@click.version_option(package_name="subledger", prog_name="subledger")
def cli() -> None:
    """Subledger keeps gateway and ledger equal to the cent, and can prove it."""


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
        _fail(f"The database did not do its part: {_first_line(error.orig)}", wanted, 1)
    except RedisError as error:
        _fail(f"Redis did not do its part: {_first_line(error)}", wanted, 1)
    except OSError as error:
        _fail(f"{error.strerror or error}: {error.filename}" if error.filename else str(error), wanted, 1)


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().partition("\n")[0]


def _fail(sentence: str, wanted: Sequence[str], code: int) -> None:
    told = json.dumps({"error": sentence}) if "--json" in wanted else f"subledger: {printable(sentence)}"
    click.echo(told, err=True)
    sys.exit(code)
