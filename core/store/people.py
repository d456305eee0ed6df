"""Customers' personal fields, each sealed under a key of that person's own: dropping the key forgets the person."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.canonical import canonical_json
from core.entities import Address, Customer
from core.seal import DataKey
from core.store import audit, schema
from core.store.audit import Deed
from core.store.work import Store, Work


def customer_columns(store: Store, work: Work, customers: Mapping[str, Customer]) -> dict[str, dict[str, Any]]:
    """The columns to store, by record id. Makes the key of whoever has none yet; who was forgotten stays so."""
    keys = _keys(store, work.connection, work.workspace_id, list(customers))
    keys |= _make_keys(store, work, [record_id for record_id in customers if record_id not in keys])
    columns = {}
    for record_id, customer in customers.items():
        key_id, key = keys[record_id]
        bound_to = _bound(work.workspace_id, record_id)
        columns[record_id] = {
            "data_key_id": key_id,
            "tax_exempt": customer.tax_exempt,
            "country": customer.address.country,
            "sealed": b"" if key is None else key.seal(canonical_json(customer), bound_to),
        }
    return columns


def customers(store: Store, connection: Connection, workspace_id: str, rows: Sequence[Any]) -> dict[str, Customer]:
    """From stored rows (mappings of the table's columns) by record id; a forgotten person is absent."""
    keys = _keys(store, connection, workspace_id, [row["id"] for row in rows])
    opened = {}
    for row in rows:
        _, key = keys[row["id"]]
        if key is not None:
            content = json.loads(key.open(row["sealed"], _bound(workspace_id, row["id"])))
            opened[row["id"]] = Customer(**content | {"address": Address(**content["address"])})
    return opened


def forget(work: Work, record_id: str) -> None:
    """Drops the person's key, for ever: nothing that it sealed opens again, here or in any copy without the key."""
    key = schema.data_key
    work.connection.execute(
        update(key)
        .where(key.c.workspace_id == work.workspace_id, key.c.scope == _scope(record_id))
        .values(wrapped=None)
    )
    audit.note(work, [Deed("person forgotten", record_id, "asked for")])


def _keys(
    store: Store, connection: Connection, workspace_id: str, record_ids: Sequence[str]
) -> dict[str, tuple[str, DataKey | None]]:
    """(the key's id, the key) by record id; no key where the person was forgotten."""
    key = schema.data_key
    rows = connection.execute(
        select(key.c.id, key.c.scope, key.c.wrapped).where(
            key.c.workspace_id == workspace_id, key.c.scope.in_([_scope(record_id) for record_id in record_ids])
        )
    )
    return {
        row.scope.removeprefix(_scope("")): (
            row.id,
            None if row.wrapped is None else store.masters.unwrap(row.wrapped, _bound(workspace_id, row.id)),
        )
        for row in rows
    }


def _make_keys(store: Store, work: Work, record_ids: Sequence[str]) -> dict[str, tuple[str, DataKey | None]]:
    rows: list[dict[str, Any]] = []
    made: dict[str, tuple[str, DataKey | None]] = {}
    for record_id in record_ids:
        key_id = work.new_id()
        wrapped = store.masters.new_data_key(_bound(work.workspace_id, key_id))
        made[record_id] = (key_id, store.masters.unwrap(wrapped, _bound(work.workspace_id, key_id)))
        rows.append(
            {
                "workspace_id": work.workspace_id,
                "id": key_id,
                "scope": _scope(record_id),
                "wrapped": wrapped,
                "created_at": work.now,
            }
        )
    if rows:
        work.connection.execute(insert(schema.data_key), rows)
    return made


def _scope(record_id: str) -> str:
    return f"customer:{record_id}"


def _bound(workspace_id: str, row_id: str) -> str:
    return f"{workspace_id}/{row_id}"
