"""What Xero says of the organisation itself."""

from collections.abc import Mapping

from connectors.contract import Row
from connectors.rows import Unreadable
from connectors.xero.elements import listed
from connectors.xero.wire import document_date
from core.errors import ContractBroken


def closed_until(body: Row) -> str:
    """Xero: one date closes a period for all but advisers, the other for everybody; to an app both are closed."""
    organisations = listed(body, "Organisations")
    if len(organisations) != 1:
        raise ContractBroken("Xero does not say which organisation this is.")
    try:
        return max(document_date(organisations[0], name) for name in ("PeriodLockDate", "EndOfYearLockDate"))
    except Unreadable as trouble:
        raise ContractBroken(f"Xero's organisation cannot be read: {trouble}.") from None


def calls_left(headers: Mapping[str, str]) -> int | None:
    """Xero: every answer says how many calls the day still has."""
    told = headers.get("X-DayLimit-Remaining", "")
    return int(told) if told.isdecimal() else None
