"""What a database is told about its tables, so that it looks along the right index however much is in them.

SQLite: without statistics it guesses, and for a list of fifty records it guesses that walking along a connection costs
less than fifty look-ups. Statistics gathered from an empty database are as wrong as the guess, and gathered again they
would change plans behind our back. So it is told once what a hub that has long been at work looks like.
"""

from sqlalchemy import Connection, text

from core.store.work import Store

_ROWS = 1_000_000
_VALUES = {
    "workspace_id": 1,
    "environment": 1,
    "book_id": 1,
    "part": 1,
    "origin_connection_id": 2,
    "connection_id": 2,
    "purpose": 3,
    "state": 1000,  # of those that are asked for: what is done is never looked for by its state
    "kind": 8,
    "posted_on": 1000,
    "created_at": 1000,
    "due_at": 1000,
}
"""How many different values these columns have; of every other, nearly as many as there are rows."""


def advise(database: Connection) -> None:
    """To be said again whenever the schema changed. Of no effect on another database."""
    if database.dialect.name != "sqlite":
        return
    database.exec_driver_sql("ANALYZE sqlite_schema")  # makes the table of statistics where there is none
    database.exec_driver_sql("DELETE FROM sqlite_stat1")
    tables = database.exec_driver_sql(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    for (table,) in tables.all():
        for index in database.exec_driver_sql(f'PRAGMA index_list("{table}")').mappings().all():
            columns = database.exec_driver_sql(f'PRAGMA index_info("{index["name"]}")').mappings().all()
            database.exec_driver_sql(
                "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)",
                (table, index["name"], _told([str(column["name"]) for column in columns])),
            )
    database.exec_driver_sql("ANALYZE sqlite_schema")  # takes up what was written


def _told(columns: list[str]) -> str:
    """How many rows there are, and on average for a value of the first column, of the first two, and so on."""
    rows, told = _ROWS, [_ROWS]
    for column in columns:
        rows = max(1, rows // _VALUES.get(column, _ROWS // 2))
        told.append(rows)
    return " ".join(map(str, told))


def acquaint(store: Store) -> None:
    """PostgreSQL: a table that was never analysed is taken to have hardly a row, and a comparison of thousands is then
    done by trying each with each. It looks by itself, but may take minutes: a first import is done by then.
    """
    if store.engine.dialect.name != "postgresql":
        return
    with store.read() as database:
        is_strange = database.execute(_NEVER_ANALYSED).scalar_one()
    if is_strange:
        store.write("", lambda work: work.connection.exec_driver_sql(f"ANALYZE {', '.join(_COMPARED)}"))


_COMPARED = ("standing", "record", "link", "delivery", "invoice", "payment", "payment_application")
_NEVER_ANALYSED = text(
    "SELECT reltuples <= 0 AND pg_relation_size(oid) > 0 FROM pg_class WHERE oid = 'standing'::regclass"
)
