"""Records of one kind, the newest first, and found by what people have in hand: number, id, amount, customer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, or_, select

from core.entities import Entity, references
from core.kinds import Kind
from core.money import EXPONENTS
from core.store import schema, shelves
from core.store.reading import paging, people
from core.store.reading.paging import Page
from core.store.work import Store

_DIGITS_MAX = 15
_SEARCHED = ("name", "nickname", "number", "code", "charge")
_AMOUNTS = ("total_minor", "due_minor", "amount_minor")


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    kind: Kind
    name: str
    revision: int
    created_at: datetime
    changed_at: datetime
    removed_at: datetime | None
    merged_into_id: str | None
    origin_id: str
    entity: Entity | None
    """None for a forgotten person."""
    customer: str
    states: Sequence["Copy"]


@dataclass(frozen=True, slots=True)
class Copy:
    """How the newest revision stands at one connection."""

    connection_id: str
    state: str
    delivery_id: str


def counts(database: Connection, workspace_id: str) -> dict[Kind, int]:
    record = schema.record
    rows = database.execute(
        select(record.c.kind, func.count().label("how_many"))
        .where(record.c.workspace_id == workspace_id)
        .group_by(record.c.kind)
    )
    found = {row.kind: row.how_many for row in rows}
    return {kind: found.get(kind.value, 0) for kind in Kind}


def page(
    store: Store, database: Connection, workspace_id: str, kind: Kind, text: str, before: str | None
) -> tuple[Page[Document], bool]:
    """The page, and whether all customers were looked through for `text`."""
    record = schema.record
    query = select(record.c.id).where(record.c.workspace_id == workspace_id, record.c.kind == kind.value)
    complete = True
    if text:
        found = people.search(store, database, workspace_id, text, None)
        complete = found.older is None
        query = query.where(or_(*_fits(workspace_id, kind, text, found.record_ids)))
    ids = paging.newest_first(database, query, record.c.id, before)
    documents = read(store, database, workspace_id, kind, [row.id for row in ids.rows])
    return Page(documents, ids.older), complete


def read(
    store: Store, database: Connection, workspace_id: str, kind: Kind, record_ids: Sequence[str]
) -> list[Document]:
    """In the order of the ids."""
    record = schema.record
    rows = database.execute(
        select(record).where(record.c.workspace_id == workspace_id, record.c.id.in_(record_ids))
    ).all()
    entities = shelves.load(store, database, workspace_id, kind, record_ids)
    customers = people.names(store, database, workspace_id, [_customer_id(one) for one in entities.values()])
    states = newest_states(database, workspace_id, record_ids)
    documents = {
        row.id: Document(
            row.id,
            kind,
            row.name,
            row.revision,
            row.created_at,
            row.changed_at,
            row.removed_at,
            row.merged_into_id,
            row.origin_id,
            entities.get(row.id),
            customers.get(_customer_id(entities.get(row.id)) or "", ""),
            states.get(row.id, ()),
        )
        for row in rows
    }
    return [documents[record_id] for record_id in record_ids]


def newest_states(database: Connection, workspace_id: str, record_ids: Sequence[str]) -> Mapping[str, list[Copy]]:
    """One for each connection: of several parts, the one that is furthest from being delivered."""
    delivery = schema.delivery
    rows = database.execute(
        select(delivery)
        .where(delivery.c.workspace_id == workspace_id, delivery.c.record_id.in_(record_ids))
        .order_by(delivery.c.revision, delivery.c.id)
    ).all()
    newest = {(row.record_id, row.connection_id, row.part): row for row in rows}
    found: dict[str, dict[str, Copy]] = {}
    for (record_id, connection_id, _), row in newest.items():
        of = found.setdefault(record_id, {})
        if connection_id not in of or of[connection_id].state == "delivered":
            of[connection_id] = Copy(connection_id, row.state, row.id)
    return {record_id: list(of.values()) for record_id, of in found.items()}


def amounts(text: str) -> set[Decimal]:
    """What a person may mean by it: 1,234.50 or 1.234,50 or 1234.5, with a currency beside it or without.

    One mark before three digits may part thousands or decimals: both are meant.
    """
    digits = "".join(character for character in text if character in "0123456789.,")
    rest = text.strip(" 0123456789.,").upper()
    if not digits.strip(".,") or len(digits) > _DIGITS_MAX or (rest and rest not in EXPONENTS):
        return set()
    comma, point = digits.rfind(","), digits.rfind(".")
    mark = max(comma, point)
    meant = set()
    if mark < 0 or min(comma, point) < 0:
        groups = digits.replace(",", ".").split(".")
        if all(len(group) == 3 for group in groups[1:]):
            meant.add(Decimal("".join(groups)))
    if mark >= 0 and digits.count(digits[mark]) == 1:
        whole = digits[:mark].replace(",", "").replace(".", "")
        meant.add(Decimal(f"{whole or '0'}.{digits[mark + 1 :] or '0'}"))
    return meant


def _fits(workspace_id: str, kind: Kind, text: str, customer_ids: Sequence[str]) -> list[ColumnElement[bool]]:
    record, link = schema.record, schema.link
    bare = text.strip().rpartition("_")[2].upper()
    fits: list[ColumnElement[bool]] = [
        func.lower(record.c.name).contains(text.strip().lower(), autoescape=True),
        record.c.id == bare,
        record.c.origin_id == text.strip(),
        exists().where(
            link.c.workspace_id == workspace_id,
            link.c.record_id == record.c.id,
            link.c.remote_id.in_([text.strip(), text.strip().lower()]),
        ),
    ]
    table = getattr(schema, kind.value)
    if kind is Kind.CUSTOMER:
        fits.append(record.c.id.in_(customer_ids))
    contents = [*_contents(table, text), *_amounts(table, text)]
    if "customer_id" in table.c:
        contents.append(table.c.customer_id.in_(customer_ids))
    if contents:
        fits.append(exists().where(table.c.workspace_id == workspace_id, table.c.id == record.c.id, or_(*contents)))
    return fits


def _contents(table: Table, text: str) -> Iterator[ColumnElement[bool]]:
    for name in _SEARCHED:
        if name in table.c:
            yield func.lower(table.c[name]).contains(text.strip().lower(), autoescape=True)


def _amounts(table: Table, text: str) -> Iterator[ColumnElement[bool]]:
    columns = [table.c[name] for name in _AMOUNTS if name in table.c]
    for wanted in amounts(text) if columns else ():
        for decimals in sorted(set(EXPONENTS.values())):
            minor = wanted.scaleb(decimals)
            codes = [code for code, has in EXPONENTS.items() if has == decimals]
            if minor == minor.to_integral_value():
                yield and_(table.c.currency.in_(codes), or_(*[column == int(minor) for column in columns]))


def _customer_id(entity: Entity | None) -> str | None:
    if entity is None:
        return None
    return next((record_id for kind, record_id in references(entity) if kind is Kind.CUSTOMER), None)
