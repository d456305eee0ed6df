"""Where each kind's objects stand at Stripe, how a row of them is read whole, and what comes in the same answer.

A row is always the same, whether it was fetched or listed: what was expanded only to bring a neighbour along is taken
out again, and becomes a row of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from connectors.contract import Row, Rows
from connectors.stripe.lists import PAGE, ListPage, Params, everything, page
from core.kinds import Kind

Ask = Callable[[str], Row]


@dataclass(frozen=True, slots=True)
class Place:
    path: str
    params: Params = ()
    """What the list has to be asked for, to show all."""
    expand: Sequence[str] = ()
    """What belongs to the row itself."""
    beside: Mapping[str, Kind] = field(default_factory=dict)
    """Fields whose objects come along as rows of their own."""
    parts: str = ""
    """What every row holds the first ten of: all of them are on pages of their own."""


PLACES = {
    Kind.CUSTOMER: Place("/v1/customers"),
    Kind.PRODUCT: Place("/v1/products"),
    Kind.TAX_RATE: Place("/v1/tax_rates"),
    Kind.COUPON: Place("/v1/coupons"),
    Kind.PROMOTION_CODE: Place("/v1/promotion_codes"),
    Kind.PRICE: Place("/v1/prices", expand=["tiers"], beside={"product": Kind.PRODUCT}),
    Kind.SUBSCRIPTION: Place(
        "/v1/subscriptions",
        # Stripe: a subscription that was cancelled is not listed unless it is asked for
        [("status", "all")],
        beside={"customer": Kind.CUSTOMER, "latest_invoice": Kind.INVOICE},
        parts="items",
    ),
    Kind.INVOICE: Place("/v1/invoices", beside={"customer": Kind.CUSTOMER}, parts="lines"),
    Kind.CREDIT_NOTE: Place("/v1/credit_notes", beside={"invoice": Kind.INVOICE}, parts="lines"),
    Kind.BALANCE_TRANSACTION: Place("/v1/balance_transactions"),
}


def ident(remote_id: str) -> str:
    """An id as it stands in a path."""
    return quote(remote_id, safe="")


def expanded(paths: Sequence[str], within: str = "") -> Params:
    """Asks for the objects behind these ids too. Stripe: a path has four names at most, `data` of a list among them."""
    return [("expand[]", f"{within}{path}") for path in paths]


def one(ask: Ask, kind: Kind, remote_id: str) -> Rows:
    """Nothing for what is deleted. Raises NotThere for what never was."""
    place = PLACES[kind]
    query = urlencode(expanded([*place.expand, *place.beside]))
    return apart(ask, kind, [ask(f"{place.path}/{ident(remote_id)}{'?' if query else ''}{query}")])


def listed(ask: Ask, kind: Kind, after: str = "", beside: Sequence[str] = ()) -> tuple[Rows, ListPage]:
    """A page of all there is, newest first, with these of the neighbours."""
    place = PLACES[kind]
    answer = page(ask, place.path, [*place.params, *expanded([*place.expand, *beside], "data.")], after)
    return apart(ask, kind, answer.rows), answer


def newest(ask: Ask, kind: Kind, remote_ids: Sequence[str]) -> Rows:
    """Those of them that are among the newest hundred: what something just happened to mostly is."""
    place = PLACES[kind]
    answer = page(ask, place.path, [*place.params, *expanded([*place.expand, *place.beside], "data.")])
    return apart(ask, kind, [row for row in answer.rows if row["id"] in remote_ids])


def by_ids(ask: Ask, remote_ids: Sequence[str]) -> Rows:
    """Stripe: products are the only kind here whose list can be asked for by ids."""
    rows = {}
    for start in range(0, len(remote_ids), PAGE):
        ids = [("ids[]", remote_id) for remote_id in remote_ids[start : start + PAGE]]
        for row in page(ask, PLACES[Kind.PRODUCT].path, ids).rows:
            rows[Kind.PRODUCT, str(row["id"])] = row
    return rows


def collapsed(row: Row, name: str) -> Row | None:
    """The object that was expanded in a field; its id is left there. None where no object is."""
    held = row.get(name)
    if not isinstance(held, dict) or not isinstance(held.get("id"), str):
        return None
    row[name] = held["id"]
    return held


def taken_out(row: Row, name: str, kind: Kind) -> Rows:
    """The object that was expanded in a field, as a row of its own, if it is a whole one."""
    held = collapsed(row, name)
    # Stripe: a deleted object is still shown, as its id and `deleted`
    return {} if held is None or held.get("deleted") or has_more(kind, held) else {(kind, str(held["id"])): held}


def apart(ask: Ask, kind: Kind, told: Sequence[Row]) -> Rows:
    """Rows of a kind, whole, and their neighbours."""
    rows: dict[tuple[Kind, str], Row] = {}
    for row in told:
        for name, of in PLACES[kind].beside.items():
            rows.update(taken_out(row, name, of))
        if not row.get("deleted"):
            rows[kind, str(row.get("id"))] = _whole(ask, kind, row)
    return rows


def _whole(ask: Ask, kind: Kind, row: Row) -> Row:
    """Stripe: a row holds the first ten of its lines or items; all of them are on pages of their own."""
    if not has_more(kind, row):
        return row
    name = PLACES[kind].parts
    if kind is Kind.SUBSCRIPTION:
        rest = everything(ask, "/v1/subscription_items", [("subscription", str(row["id"]))])
    else:
        rest = everything(ask, f"{PLACES[kind].path}/{ident(str(row['id']))}/{name}")
    return {**row, name: {**row[name], "data": list(rest), "has_more": False}}


def has_more(kind: Kind, row: Row) -> bool:
    """Whether it shows only the first of its parts."""
    first = row.get(PLACES[kind].parts)
    return isinstance(first, dict) and bool(first.get("has_more"))
