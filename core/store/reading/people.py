"""Finding customers by what is sealed: opened newest first, a bounded number at a time, and nothing kept of it.

No index of names is kept, not even a hashed one: it would be one more thing to erase when a person is forgotten.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.entities import Customer
from core.kinds import Kind
from core.store import schema, shelves
from core.store.work import Store

_OPENED_MAX = 2000
_FOUND_MAX = 200


@dataclass(frozen=True, slots=True)
class Found:
    record_ids: list[str]
    older: str | None
    """Where to look on, if there are customers that were not looked at."""


def search(store: Store, database: Connection, workspace_id: str, text: str, before: str | None) -> Found:
    """Customers whose name or e-mail contains every word, whatever its case and accents."""
    record = schema.record
    query = select(record.c.id).where(record.c.workspace_id == workspace_id, record.c.kind == Kind.CUSTOMER.value)
    if before:
        query = query.where(record.c.id < before)
    ids = list(database.execute(query.order_by(record.c.id.desc()).limit(_OPENED_MAX)).scalars())
    words = _plain(text).split()
    found = [
        record_id
        for record_id, customer in shelves.load(store, database, workspace_id, Kind.CUSTOMER, ids).items()
        if isinstance(customer, Customer) and all(word in _searched(customer) for word in words)
    ]
    return Found(found[:_FOUND_MAX], ids[-1] if len(ids) == _OPENED_MAX else None)


def names(store: Store, database: Connection, workspace_id: str, record_ids: Iterable[str | None]) -> dict[str, str]:
    """Customers' names by record id; a forgotten person is absent."""
    ids = sorted({record_id for record_id in record_ids if record_id})
    opened = shelves.load(store, database, workspace_id, Kind.CUSTOMER, ids) if ids else {}
    return {
        record_id: customer.name or customer.email
        for record_id, customer in opened.items()
        if isinstance(customer, Customer)
    }


def _searched(customer: Customer) -> str:
    return _plain(f"{customer.name} {customer.email}")


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))
