"""What SQLite is told about the tables, so that it looks along the right index however much is in them.

SQLite: without statistics it guesses, and for a list of fifty records it guesses that walking along a connection costs
less than fifty look-ups. Statistics gathered from an empty database are as wrong as the guess, and gathered again they
would change plans behind our back. So it is told once what a hub that has long been at work looks like.
"""

from sqlalchemy import Connection

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
