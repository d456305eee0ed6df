"""Tracking on a line: which option of which category it belongs to."""

from typing import Any

from sandbox.xero import wire
from sandbox.xero.errors import InvalidError
from sandbox.xero.ledger import Ledger
from sandbox.xero.rows import Tracking, TrackingCategory, TrackingOption
from sandbox.xero.wire import Element

PER_LINE_MAX = 2


def read_tracking(ledger: Ledger, element: Element) -> tuple[Tracking, ...]:
    """By ids or by names; what is unknown is refused, or left out where the rule is off."""
    named = wire.read_elements(element, "Tracking")
    if len(named) > PER_LINE_MAX:
        raise InvalidError(f"A line can have at most {PER_LINE_MAX} tracking categories")
    found = [one for tracking in named if (one := _found(ledger, tracking))]
    if len(found) < len(named) and ledger.rules.unknown_tracking_is_refused:
        raise InvalidError("The tracking category or option could not be found")
    if len({one.category_id for one in found}) < len(found):
        raise InvalidError("A tracking category can be used once in a line")
    return tuple(found)


def shown_tracking(ledger: Ledger, tracking: tuple[Tracking, ...]) -> list[dict[str, Any]]:
    shown = []
    for one in tracking:
        category = ledger.tracking_categories[one.category_id]
        option = next(option for option in category.options if option.id == one.option_id)
        shown.append(
            {
                "TrackingCategoryID": category.id,
                "TrackingOptionID": option.id,
                "Name": category.name,
                "Option": option.name,
            }
        )
    return shown


def _found(ledger: Ledger, element: Element) -> Tracking | None:
    category_id = (wire.read_text(element, "TrackingCategoryID") or "").lower()
    name = (wire.read_text(element, "Name") or "").casefold()
    categories = [ledger.tracking_categories.get(category_id)] if category_id else []
    categories += ledger.tracking_categories.having("name", name) if name and not category_id else []
    for category in categories:
        if category is not None and category.status == "ACTIVE" and (option := _option(category, element)):
            return Tracking(category.id, option.id)
    return None


def _option(category: TrackingCategory, element: Element) -> TrackingOption | None:
    option_id = (wire.read_text(element, "TrackingOptionID") or "").lower()
    name = (wire.read_text(element, "Option") or "").casefold()
    return next(
        (
            option
            for option in category.options
            if option.status == "ACTIVE" and (option.id == option_id or option.name.casefold() == name)
        ),
        None,
    )
