"""Reading many rows: where, order, IDs, If-Modified-Since and pages, by index where there is one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sandbox.xero.calls import Answer, Call
from sandbox.xero.query import Fields, Predicate, Where, ordered, parse_order, parse_where
from sandbox.xero.table import Row, Table

R = TypeVar("R", bound=Row)

PAGE_SIZE, PAGE_SIZE_MAX = 100, 1000
_BY_CHANGE = [("UpdatedDateUTC", False)]


@dataclass(frozen=True, slots=True)
class Listing(Generic[R]):
    """How a kind is listed."""

    name: str
    fields: Fields[R]
    """What where and order may speak of."""
    indexed: Mapping[str, tuple[str, Callable[[Any], Any]]] = field(default_factory=dict)
    """Fields whose equality a key of the table answers, and how a value becomes that key."""
    paged: bool = True
    counted: bool = True
    """Whether its pages tell how many there are, and can be of another size."""


def listed(
    call: Call,
    table: Table[R],
    listing: Listing[R],
    show: Callable[[R, bool], dict[str, Any]],
    *,
    candidates: Sequence[R] | None = None,
    holds: Predicate[R] | None = None,
) -> Answer:
    """`show` gets a row and whether it is shown whole: Xero leaves lines out of unpaged lists.

    `candidates` are the rows that a parameter of the kind's own has named, `holds` is what they must fulfil.
    Order: as asked, else by change where If-Modified-Since was sent, else by creation.
    """
    where = parse_where(call.query["where"], listing.fields) if call.query.get("where") else None
    order = parse_order(call.query["order"], listing.fields) if call.query.get("order") else []
    if candidates is None and where is not None:
        candidates = _by_index(table, listing, where)
    if candidates is not None:
        since = call.modified_since
        rows: Sequence[R] = [row for row in candidates if since is None or row.updated_at >= since]
    elif call.modified_since is not None:
        rows = table.changed_since(call.modified_since)
    else:
        rows = table.by_change() if order == _BY_CHANGE else table.in_order()
    tests = [test for test in (holds, where.holds if where else None) if test is not None]
    if tests:
        rows = [row for row in rows if all(test(row) for test in tests)]
    if order and (candidates is not None or order != _BY_CHANGE):
        rows = ordered(rows, order, listing.fields)
    if not listing.paged:
        return Answer({listing.name: [show(row, True) for row in rows]})
    if "page" not in call.query and "pagesize" not in call.query:
        whole = not call.ledger.rules.unpaged_lists_are_summaries
        return Answer({listing.name: [show(row, whole) for row in rows]})
    return _page(call, rows, listing, show)


def _by_index(table: Table[R], listing: Listing[R], where: Where[R]) -> list[R] | None:
    for name, (key, key_of) in listing.indexed.items():
        if where.equal.get(name) is not None:
            return table.having(key, key_of(where.equal[name]))
    return None


def _page(call: Call, rows: Sequence[R], listing: Listing[R], show: Callable[[R, bool], dict[str, Any]]) -> Answer:
    page = max(call.number("page", 1), 1)
    size = min(max(call.number("pagesize", PAGE_SIZE), 1), PAGE_SIZE_MAX) if listing.counted else PAGE_SIZE
    whole = not call.flag("summaryonly")
    content = {listing.name: [show(row, whole) for row in rows[(page - 1) * size : page * size]]}
    if not listing.counted:
        return Answer(content)
    count = len(rows)
    pagination = {"page": page, "pageSize": size, "pageCount": -(-count // size), "itemCount": count}
    return Answer({"pagination": pagination, **content})
