import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core.errors import Misconfigured
from core.store.engine import check_engine, open_engine
from core.store.migrate import check_schema


def test_a_fresh_database_is_at_this_versions_schema_and_takes_its_settings(database_url):
    engine = open_engine(database_url)
    check_engine(engine)
    check_schema(engine)
    engine.dispose()


def test_every_sqlite_transaction_that_may_write_takes_the_lock_at_once(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as first, first.begin():
        first.execute(text("SELECT 1"))
        second = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
        with second.connect().execution_options(writes=False) as reader, reader.begin():
            reader.execute(text("SELECT 1"))
        with second.connect() as writer:
            writer.connection.dbapi_connection.execute("PRAGMA busy_timeout=1")
            with pytest.raises(OperationalError, match="locked"):
                writer.begin()
        second.dispose()
    engine.dispose()


def test_an_unreachable_database_is_one_clear_sentence():
    with pytest.raises(Misconfigured, match=r"^The database .*nobody:\*\*\*@127\.0\.0\.1:1/x cannot"):
        check_engine(open_engine("postgresql://nobody:secret@127.0.0.1:1/x"))
