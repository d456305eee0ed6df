"""A database that has just taken in thousands of rows knows of them before they are compared."""

from core.figures import Figures
from core.kinds import Kind
from core.store import standings
from core.store.advice import acquaint


def rows_thought_of(shop, table):
    with shop.store.read() as database:
        return database.exec_driver_sql(f"SELECT reltuples FROM pg_class WHERE oid = '{table}'::regclass").scalar()


def test_a_table_that_was_never_analysed_is_looked_at_once_it_has_rows(shop, monkeypatch):
    acquaint(shop.store)
    shown = {f"in_{number}": Figures("EUR", number, 0, 0, True, "2026-03-01") for number in range(500)}
    shop.write(lambda work: standings.keep(work, shop.gateway, Kind.INVOICE, shown, work.now))
    acquaint(shop.store)
    if shop.store.engine.dialect.name == "sqlite":
        return  # it is told once and for all; see above
    assert rows_thought_of(shop, "standing") == 500
    monkeypatch.setattr(shop.store, "write", None)
    acquaint(shop.store)
