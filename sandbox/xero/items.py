"""Items: what a line may name by its code. Deleting one is for good."""

from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Item, ItemPrice
from sandbox.xero.wire import Element

CODE_LENGTH_MAX, NAME_LENGTH_MAX = 30, 50

_LISTING: Listing[Item] = Listing(
    "Items",
    {
        "ItemID": lambda row: row.id,
        "Code": lambda row: row.code,
        "Name": lambda row: row.name,
        "IsSold": lambda row: row.is_sold,
        "IsPurchased": lambda row: row.is_purchased,
        "SalesDetails.AccountCode": lambda row: row.sales.account_code,
        "UpdatedDateUTC": lambda row: row.updated_at,
    },
    {"Code": ("code", str)},
    paged=False,
)


def get_items(call: Call) -> Answer:
    def show(row: Item, _: bool = True) -> dict[str, Any]:
        return shown_item(row, call.unit_places)

    answer = listed(call, call.ledger.items, _LISTING, show)
    if call.modified_since is None:
        return answer
    gone = call.ledger.deleted_items.changed_since(call.modified_since)
    return Answer({"Items": [*answer.content["Items"], *map(show, gone)]})


def get_item(call: Call) -> Answer:
    return Answer({"Items": [shown_item(_found(call), call.unit_places)]})


def put_items(call: Call) -> Answer:
    return _write(call, None)


def post_items(call: Call) -> Answer:
    return _write(call, _existing)


def post_item(call: Call) -> Answer:
    found = _found(call)
    return _write(call, lambda _ledger, _element: found)


def delete_item(call: Call) -> Answer:
    item = _found(call)
    call.ledger.items.remove(item)
    call.ledger.removed.add(item.id)
    if not call.ledger.rules.deleted_items_never_show:
        call.ledger.deleted_items.put(replace(item, updated_at=call.ledger.now()))
    return Answer(status=204)


def shown_item(row: Item, unit_places: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ItemID": row.id,
        "Code": row.code,
        "Name": row.name,
        "Description": row.description,
        "PurchaseDescription": row.purchase_description,
        "UpdatedDateUTC": wire.ms_moment(row.updated_at),
        "PurchaseDetails": _shown_price(row.purchase, unit_places),
        "SalesDetails": _shown_price(row.sales, unit_places),
        "IsTrackedAsInventory": False,
        "IsSold": row.is_sold,
        "IsPurchased": row.is_purchased,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _shown_price(price: ItemPrice, unit_places: int) -> dict[str, Any]:
    shown = {
        "UnitPrice": None if price.unit_price is None else wire.rounded(price.unit_price, unit_places),
        "AccountCode": price.account_code,
        "TaxType": price.tax_type,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _found(call: Call) -> Item:
    by_code = call.ledger.items.having("code", call.ids[0])
    item = call.ledger.items.get(call.ids[0].lower()) or next(iter(by_code), None)
    if item is None:
        raise no_such_thing()
    return item


def _existing(ledger: Ledger, element: Element) -> Item | None:
    if item_id := wire.read_text(element, "ItemID"):
        found = ledger.items.get(item_id.lower())
        if found is None:
            raise InvalidError("Item not found")
        return found
    return next(iter(ledger.items.having("code", wire.read_text(element, "Code"))), None)


def _write(call: Call, existing: Any) -> Answer:
    def write(element: Element) -> Item:
        before = existing(call.ledger, element) if existing else None
        return _saved(call.ledger, element, before, call.unit_places)

    return write_each(call, "Items", write, lambda row: shown_item(row, call.unit_places), flag=None)


def _saved(ledger: Ledger, element: Element, before: Item | None, unit_places: int) -> Item:
    code = wire.read_text(element, "Code") or (before.code if before else None)
    if not code:
        raise InvalidError("Item code must be specified")
    if len(code) > CODE_LENGTH_MAX:
        raise InvalidError(f"Item code must have at most {CODE_LENGTH_MAX} characters")
    if any(other.id != (before.id if before else None) for other in ledger.items.having("code", code)):
        raise InvalidError("Item code already exists")
    name = wire.read_text(element, "Name")
    if name and len(name) > NAME_LENGTH_MAX:
        raise InvalidError(f"Item name must have at most {NAME_LENGTH_MAX} characters")
    start = before or Item(ledger.new_id(ledger.items, "item", code), ledger.now(), code)
    sold, bought = wire.read_flag(element, "IsSold"), wire.read_flag(element, "IsPurchased")
    item = replace(
        start,
        code=code,
        updated_at=ledger.now(),
        name=name or start.name,
        description=wire.read_text(element, "Description") or start.description,
        purchase_description=wire.read_text(element, "PurchaseDescription") or start.purchase_description,
        is_sold=start.is_sold if sold is None else sold,
        is_purchased=start.is_purchased if bought is None else bought,
        sales=_price(ledger, element, "SalesDetails", start.sales, unit_places),
        purchase=_price(ledger, element, "PurchaseDetails", start.purchase, unit_places),
    )
    return ledger.items.put(item)


def _price(ledger: Ledger, element: Element, name: str, before: ItemPrice, unit_places: int) -> ItemPrice:
    if not wire.given(element, name):
        return before
    details = wire.read_element(element, name)
    unit = wire.read_number(details, "UnitPrice")
    account_code = wire.read_text(details, "AccountCode") or before.account_code
    tax_type = wire.read_text(details, "TaxType") or before.tax_type
    if account_code and not ledger.accounts.having("code", account_code):
        raise InvalidError(ledger.rules.words(f"Account code '{account_code}' is not a valid code for this document."))
    if tax_type and ledger.tax_rates.get(tax_type) is None:
        raise InvalidError(f"The TaxType code '{tax_type}' does not exist")
    price = before.unit_price if unit is None else wire.rounded(unit, unit_places)
    return ItemPrice(price, account_code, tax_type)
