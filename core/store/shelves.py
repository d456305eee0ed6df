"""Entities into tables and back: columns carry the fields' own names, pointers end in `_id`, parts have own tables.

Everything here works on many entities at once: a statement per table, not per entity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from core.entities import (
    ENTITY_TYPES,
    Application,
    CreditNoteLine,
    Entity,
    Fee,
    InvoiceLine,
    InvoiceStatus,
    LineTax,
    SubscriptionItem,
    Tier,
)
from core.kinds import Kind
from core.store import schema
from core.store.people import customer_columns, customers
from core.store.work import Store, Work

_TABLES: dict[Kind, Table] = {kind: schema.metadata.tables[kind.value] for kind in Kind}
"""Every kind's table carries the kind's name."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Where the parts of an entity stand: a tuple field and its table; and the table of their own parts, `taxes`."""

    field: str
    table: Table
    type: type
    taxes: Table | None = None


_PARTS: dict[Kind, _Part] = {
    Kind.PRICE: _Part("tiers", schema.price_tier, Tier),
    Kind.SUBSCRIPTION: _Part("items", schema.subscription_item, SubscriptionItem),
    Kind.INVOICE: _Part("lines", schema.invoice_line, InvoiceLine, schema.invoice_line_tax),
    Kind.PAYMENT: _Part("applications", schema.payment_application, Application),
    Kind.CREDIT_NOTE: _Part("lines", schema.credit_note_line, CreditNoteLine, schema.credit_note_line_tax),
    Kind.BALANCE_TRANSACTION: _Part("fees", schema.balance_transaction_fee, Fee),
}


def put(store: Store, work: Work, kind: Kind, entities: Mapping[str, Entity], replaced: Sequence[str]) -> None:
    """Writes entities by record id; of those `replaced`, nothing of what stood there stays."""
    if not entities:
        return
    table = _TABLES[kind]
    columns = _columns(store, work, kind, entities)
    if replaced:
        _clear(work, kind, replaced)
    own = {"workspace_id": work.workspace_id}
    work.connection.execute(insert(table), [own | {"id": record_id} | columns[record_id] for record_id in entities])
    _put_parts(work, kind, entities)


def load(
    store: Store, connection: Connection, workspace_id: str, kind: Kind, record_ids: Sequence[str]
) -> dict[str, Entity]:
    """The entities by record id, their references in our ids."""
    if not record_ids:
        return {}
    table = _TABLES[kind]
    rows = (
        connection.execute(select(table).where(table.c.workspace_id == workspace_id, table.c.id.in_(record_ids)))
        .mappings()
        .all()
    )
    if kind is Kind.CUSTOMER:
        return {**customers(store, connection, workspace_id, rows)}
    parts = _load_parts(connection, workspace_id, kind, record_ids)
    loaded: dict[str, Entity] = {}
    for row in rows:
        content = _fields(ENTITY_TYPES[kind], row)
        if kind in _PARTS:
            content[_PARTS[kind].field] = tuple(parts.get(row["id"], ()))
        if kind is Kind.INVOICE:
            content["status"] = InvoiceStatus(content["status"])
        loaded[row["id"]] = ENTITY_TYPES[kind](**content)
    return loaded


def pointing(
    connection: Connection, workspace_id: str, kinds: Sequence[Kind], record_ids: Sequence[str]
) -> dict[str, set[tuple[Kind, str]]]:
    """By record: which records of these kinds point to it with one of their own fields."""
    found: dict[str, set[tuple[Kind, str]]] = {}
    for kind in kinds if record_ids else ():
        table = _TABLES[kind]
        for spec in fields(ENTITY_TYPES[kind]):
            if "kind" in spec.metadata:
                pointer = table.c[_column(spec)]
                rows = connection.execute(
                    select(table.c.id, pointer.label("to")).where(
                        table.c.workspace_id == workspace_id, pointer.in_(record_ids)
                    )
                )
                for row in rows:
                    found.setdefault(row.to, set()).add((kind, row.id))
    return found


def _columns(store: Store, work: Work, kind: Kind, entities: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    if kind is Kind.CUSTOMER:
        return customer_columns(store, work, entities)
    return {record_id: _plain_columns(entity) for record_id, entity in entities.items()}


def _plain_columns(entity: Any) -> dict[str, Any]:
    return {
        _column(spec): getattr(entity, spec.name)
        for spec in fields(entity)
        if not isinstance(getattr(entity, spec.name), tuple)
    }


def _column(spec: Any) -> str:
    return f"{spec.name}_id" if "kind" in spec.metadata else str(spec.name)


def _fields(entity_type: type, row: Mapping[Any, Any]) -> dict[str, Any]:
    return {spec.name: row[_column(spec)] for spec in fields(entity_type) if _column(spec) in row}


def _clear(work: Work, kind: Kind, record_ids: Sequence[str]) -> None:
    keys = [_TABLES[kind].c.id]
    if kind in _PARTS:
        keys += [table.c.parent_id for table in (_PARTS[kind].table, _PARTS[kind].taxes) if table is not None]
    for key in keys:
        table = key.table
        work.connection.execute(delete(table).where(table.c.workspace_id == work.workspace_id, key.in_(record_ids)))


def _put_parts(work: Work, kind: Kind, entities: Mapping[str, Any]) -> None:
    if kind not in _PARTS:
        return
    part = _PARTS[kind]
    rows, taxes = [], []
    for record_id, entity in entities.items():
        own = {"workspace_id": work.workspace_id, "parent_id": record_id}
        for position, item in enumerate(getattr(entity, part.field)):
            rows.append(own | {"position": position} | _plain_columns(item))
            if part.taxes is not None:
                taxes += [
                    own | {"line": position, "position": place} | _plain_columns(tax)
                    for place, tax in enumerate(item.taxes)
                ]
    if rows:
        work.connection.execute(insert(part.table), rows)
    if taxes and part.taxes is not None:
        work.connection.execute(insert(part.taxes), taxes)


def _load_parts(
    connection: Connection, workspace_id: str, kind: Kind, record_ids: Sequence[str]
) -> dict[str, list[Any]]:
    if kind not in _PARTS:
        return {}
    part = _PARTS[kind]
    taxes: dict[tuple[str, int], list[LineTax]] = {}
    if part.taxes is not None:
        for row in _rows(connection, part.taxes, workspace_id, record_ids, "line"):
            taxes.setdefault((row["parent_id"], row["line"]), []).append(LineTax(**_fields(LineTax, row)))
    found: dict[str, list[Any]] = {}
    for row in _rows(connection, part.table, workspace_id, record_ids):
        content = _fields(part.type, row)
        if part.taxes is not None:
            content["taxes"] = tuple(taxes.get((row["parent_id"], row["position"]), ()))
        found.setdefault(row["parent_id"], []).append(part.type(**content))
    return found


def _rows(
    connection: Connection, table: Table, workspace_id: str, record_ids: Sequence[str], *order: str
) -> Sequence[Mapping[Any, Any]]:
    return (
        connection.execute(
            select(table)
            .where(table.c.workspace_id == workspace_id, table.c.parent_id.in_(record_ids))
            .order_by(*(table.c[name] for name in (*order, "position")))
        )
        .mappings()
        .all()
    )
