"""Customers' personal fields, each sealed under a key of that person's own: dropping the key forgets the person."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from core.canonical import canonical_json
from core.entities import Address, Customer
from core.seal import DataKey
from core.store import schema
from core.store.work import Store, Work


def customer_columns(store: Store, work: Work, customers: Mapping[str, Customer]) -> dict[str, dict[str, Any]]:
    """The columns to store, by record id. Makes the key of whoever has none yet."""
    keys = _keys(store, work.connection, work.workspace_id, list(customers))
    keys |= _make_keys(store, work, [record_id for record_id in customers if record_id not in keys])
    return {
        record_id: {
            "data_key_id": keys[record_id][0],
            "tax_exempt": customer.tax_exempt,
            "country": customer.address.country,
            "sealed": keys[record_id][1].seal(canonical_json(customer), _bound(work.workspace_id, record_id)),
        }
        for record_id, customer in customers.items()
    }


def customers(store: Store, connection: Connection, workspace_id: str, rows: Sequence[Any]) -> dict[str, Customer]:
    """From stored rows (mappings of the table's columns) by record id; a forgotten person is absent."""
    keys = _keys(store, connection, workspace_id, [row["id"] for row in rows])
    opened = {}
    for row in rows:
        if row["id"] in keys:
            content = json.loads(keys[row["id"]][1].open(row["sealed"], _bound(workspace_id, row["id"])))
            opened[row["id"]] = Customer(**content | {"address": Address(**content["address"])})
    return opened


def _keys(
    store: Store, connection: Connection, workspace_id: str, record_ids: Sequence[str]
) -> dict[str, tuple[str, DataKey]]:
    key = schema.data_key
    rows = connection.execute(
        select(key.c.id, key.c.scope, key.c.wrapped).where(
            key.c.workspace_id == workspace_id, key.c.scope.in_([_scope(record_id) for record_id in record_ids])
        )
    )
    return {
        row.scope.removeprefix(_scope("")): (row.id, store.masters.unwrap(row.wrapped, _bound(workspace_id, row.id)))
        for row in rows
    }


def _make_keys(store: Store, work: Work, record_ids: Sequence[str]) -> dict[str, tuple[str, DataKey]]:
    rows, made = [], {}
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
