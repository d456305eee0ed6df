import itertools

import pytest
from sqlalchemy import text

_numbers = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_url(request, tmp_path):
    """A database without a single table, once on each kind of server."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'subledger.db'}"
        return
    cluster, admin = request.getfixturevalue("postgresql_cluster")
    name = f"blank_{next(_numbers)}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield cluster.url(name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
