"""The migrations make exactly the schema and keep what a database holds."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, insert, inspect, select
from sqlalchemy.sql.sqltypes import JSON, Boolean, DateTime, Integer, LargeBinary

from core.errors import Misconfigured
from core.store.engine import open_engine
from core.store.migrate import check_schema, config, upgrade
from core.store.schema import metadata

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
REVISIONS = [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()][::-1]


@pytest.fixture
def engine(blank_url):
    engine = open_engine(blank_url)
    yield engine
    engine.dispose()


def test_the_migrations_make_exactly_the_schema(engine):
    upgrade(engine)
    with engine.connect() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(found, metadata) == []
        check_schema(engine)


def test_every_index_and_unique_rule_of_the_schema_is_in_the_database_with_its_columns_in_order(engine):
    upgrade(engine)
    inspector = inspect(engine)
    for table in metadata.sorted_tables:
        found = {index["name"]: index["column_names"] for index in inspector.get_indexes(table.name)}
        for index in table.indexes:
            assert found[index.name] == [column.name for column in index.columns], index.name


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_a_database_filled_at_an_older_schema_keeps_every_row_and_field(engine, revision):
    upgrade(engine, revision)
    before = filled(engine)
    assert all(len(rows) >= ROWS for rows in before.values()), "a table without rows proves nothing"
    with pytest.raises(Misconfigured, match="run `subledger db upgrade`"):
        check_schema(engine)

    upgrade(engine)

    check_schema(engine)
    after = contents(engine)
    for table, rows in before.items():
        assert [{name: row[name] for name in rows[0]} for row in after[table]] == rows, table


def test_an_observation_made_before_the_upgrade_was_last_seen_when_it_was_seen(engine):
    upgrade(engine, "0001")
    filled(engine)
    upgrade(engine)
    rows = contents(engine)["observation"]
    assert [row["last_seen_at"] for row in rows] == [row["seen_at"] for row in rows]


def test_an_upgrade_twice_changes_nothing(engine):
    upgrade(engine)
    before = filled(engine)
    upgrade(engine)
    assert contents(engine) == before


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_migration_killed_before_its_commit_leaves_the_database_as_it_was(blank_url, engine, revision):
    """The child dies after the last statement of its upgrade, the moment when the most would be lost."""
    steps = REVISIONS.index(revision)
    before = {}
    if steps:
        upgrade(engine, REVISIONS[steps - 1])
        before = filled(engine)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_UPGRADE, blank_url, revision], env=os.environ, capture_output=True, check=False
    )

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert set(inspect(engine).get_table_names()) == tables
    assert {table: rows for table, rows in contents(engine).items() if table in before} == before
    upgrade(engine)
    check_schema(engine)


KILLED_UPGRADE = """
import os, signal, sys
from sqlalchemy import event
from core.store.engine import open_engine
from core.store.migrate import upgrade
engine = open_engine(sys.argv[1])
event.listen(engine, "commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
upgrade(engine, sys.argv[2])
"""

ROWS = 3


def filled(engine):
    """Three rows in every table of the database, whatever its tables are; its contents."""
    found = MetaData()
    with engine.begin() as connection:
        found.reflect(connection)
        for table in found.sorted_tables:
            if table.name != "alembic_version":
                connection.execute(insert(table), [row_of(table, number) for number in range(1, ROWS + 1)])
    return contents(engine)


def row_of(table, number):
    row = {}
    for column in table.columns:
        pointed = {key.column.table.name for key in column.foreign_keys}
        if column.nullable and table.name in pointed:
            continue  # a pointer to its own table: nobody is reversed or merged here
        if column.name.endswith("_id") or column.name == "id":
            row[column.name] = f"{number:026}"
        else:
            row[column.name] = value_of(column.type, number)
    return row


def value_of(kind, number):
    match kind:
        case Boolean():
            return True
        case Integer():
            return number
        case DateTime():
            return AT.replace(day=number)
        case LargeBinary():
            return bytes([number])
        case JSON():
            return {"number": number}
    return f"{number:02}"  # the shortest column holds two characters


def contents(engine):
    found = MetaData()
    with engine.connect() as connection:
        found.reflect(connection)
        return {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in found.sorted_tables
            if table.name != "alembic_version"
        }
