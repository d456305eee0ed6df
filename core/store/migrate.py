"""Brings the database to this version's schema, all migrations in one transaction."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from core.errors import Misconfigured
from core.store.advice import advise

_MIGRATIONS = Path(__file__).parent.parent / "migrations"
_LOCK = 5_083_229_170  # any constant of ours: one upgrade at a time on one PostgreSQL


def config(connection: Connection | None = None, applied: Callable[..., None] | None = None) -> Config:
    alembic = Config()
    alembic.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    alembic.attributes["connection"] = connection
    alembic.attributes["applied"] = applied
    return alembic


def upgrade(engine: Engine, revision: str = "head", told: Callable[[int, int], None] = lambda *_: None) -> None:
    """`told` hears after each migration how many are done, and of how many."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        current = MigrationContext.configure(connection).get_current_revision()
        scripts = ScriptDirectory.from_config(config())
        steps = len(list(scripts.iterate_revisions(revision, current or "base")))
        done = count(1)
        command.upgrade(config(connection, lambda **_: told(next(done), steps)), revision)
        advise(connection)


def check_schema(engine: Engine) -> None:
    """Raises Misconfigured if the database is not at this version's schema."""
    with engine.connect().execution_options(writes=False) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    wanted = ScriptDirectory.from_config(config()).get_current_head()
    if found != wanted:
        raise Misconfigured(
            f"The database is at schema {found or 'none'} and this version needs {wanted}: run `subledger db upgrade`."
        )
