"""Tracking categories and their options."""

from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.batches import write_one
from sandbox.xero.calls import Answer, Call
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import TrackingCategory, TrackingOption

ACTIVE_MAX, NAME_LENGTH_MAX = 2, 100

_LISTING: Listing[TrackingCategory] = Listing(
    "TrackingCategories",
    {
        "TrackingCategoryID": lambda row: row.id,
        "Name": lambda row: row.name,
        "Status": lambda row: row.status,
    },
    paged=False,
)


def get_categories(call: Call) -> Answer:
    archived = call.flag("includearchived")
    return listed(
        call,
        call.ledger.tracking_categories,
        _LISTING,
        lambda row, _: shown_category(row),
        holds=lambda row: archived or row.status == "ACTIVE",
    )


def get_category(call: Call) -> Answer:
    return Answer({"TrackingCategories": [shown_category(_found(call))]})


def put_category(call: Call) -> Answer:
    def write() -> TrackingCategory:
        ledger = call.ledger
        if sum(row.status == "ACTIVE" for row in ledger.tracking_categories) >= ACTIVE_MAX:
            raise InvalidError(f"There can be at most {ACTIVE_MAX} active tracking categories")
        name = _name(call, None)
        if ledger.tracking_categories.having("name", name.casefold()):
            raise InvalidError(f"A tracking category with the name '{name}' already exists")
        category_id = ledger.new_id(ledger.tracking_categories, "tracking_category", name)
        return ledger.tracking_categories.put(TrackingCategory(category_id, ledger.now(), name))

    return write_one(call, "TrackingCategories", write, shown_category)


def post_category(call: Call) -> Answer:
    found = _found(call)

    def write() -> TrackingCategory:
        name, status = _name(call, found.name), _status(call, found.status)
        return _put(call, replace(found, name=name, status=status))

    return write_one(call, "TrackingCategories", write, shown_category)


def delete_category(call: Call) -> Answer:
    """Xero: a deleted category is archived where something refers to it; the row stays, marked."""
    found = _found(call)
    status = "ARCHIVED" if _in_use(call, found) else "DELETED"
    return Answer({"TrackingCategories": [shown_category(_put(call, replace(found, status=status)))]})


def put_option(call: Call) -> Answer:
    found = _found(call)

    def write() -> TrackingOption:
        name = _name(call, None)
        if any(option.name.casefold() == name.casefold() for option in found.options):
            raise InvalidError(f"A tracking option with the name '{name}' already exists")
        option = TrackingOption(call.ledger.new_id(None, "tracking_option", found.id, name), name)
        _put(call, replace(found, options=(*found.options, option)))
        return option

    return write_one(call, "Options", write, shown_option)


def post_option(call: Call) -> Answer:
    found, option = _found(call), _found_option(call)

    def write() -> TrackingOption:
        changed = replace(option, name=_name(call, option.name), status=_status(call, option.status))
        options = tuple(changed if one.id == option.id else one for one in found.options)
        _put(call, replace(found, options=options))
        return changed

    return write_one(call, "Options", write, shown_option)


def delete_option(call: Call) -> Answer:
    found, option = _found(call), replace(_found_option(call), status="DELETED")
    _put(call, replace(found, options=tuple(option if one.id == option.id else one for one in found.options)))
    return Answer({"Options": [shown_option(option)]})


def shown_category(row: TrackingCategory) -> dict[str, Any]:
    return {
        "Name": row.name,
        "Status": row.status,
        "TrackingCategoryID": row.id,
        "Options": [shown_option(option) for option in row.options if option.status != "DELETED"],
    }


def shown_option(option: TrackingOption) -> dict[str, Any]:
    return {"TrackingOptionID": option.id, "Name": option.name, "Status": option.status}


def _put(call: Call, category: TrackingCategory) -> TrackingCategory:
    return call.ledger.tracking_categories.put(replace(category, updated_at=call.ledger.now()))


def _found(call: Call) -> TrackingCategory:
    row = call.ledger.tracking_categories.get(call.ids[0].lower())
    if row is None:
        raise no_such_thing()
    return row


def _found_option(call: Call) -> TrackingOption:
    for option in _found(call).options:
        if option.id == call.ids[1].lower():
            return option
    raise no_such_thing()


def _name(call: Call, usual: str | None) -> str:
    (element,) = call.elements("TrackingCategories")[:1]
    name = wire.read_text(element, "Name") or usual
    if not name or len(name) > NAME_LENGTH_MAX:
        raise InvalidError(f"The name must be specified, with at most {NAME_LENGTH_MAX} characters")
    return name


def _status(call: Call, usual: str) -> str:
    (element,) = call.elements("TrackingCategories")[:1]
    status = wire.read_text(element, "Status") or usual
    if status not in {"ACTIVE", "ARCHIVED"}:
        raise InvalidError("The status must be ACTIVE or ARCHIVED")
    return status


def _in_use(call: Call, category: TrackingCategory) -> bool:
    ledger = call.ledger
    documents = (*ledger.invoices, *ledger.credit_notes, *ledger.bank_transactions, *ledger.quotes)
    return any(
        tracking.category_id == category.id
        for document in documents
        for line in document.lines
        for tracking in line.tracking
    )
