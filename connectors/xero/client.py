"""Moves Xero's elements: in batches, by page, and by what was modified since."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.contract import Address, Call, Page, Row, Rows
from connectors.http import Door
from connectors.rows import Unreadable
from connectors.xero.elements import ROOT
from connectors.xero.wire import moment
from core.errors import CallRefused, ContractBroken, GrantLost, NotThere, OutcomeUnknown
from core.kinds import Kind

_IDS_MAX = 50
_PAGE = 500
_OVERLAP = timedelta(seconds=60)
# Xero: over a limit a request is turned away before it is looked at.
_NOT_EXECUTED = frozenset({429})

_PLURALS = {
    Kind.CUSTOMER: "Contacts",
    Kind.PRICE: "Items",
    Kind.INVOICE: "Invoices",
    Kind.PAYMENT: "Payments",
    Kind.CREDIT_NOTE: "CreditNotes",
    Kind.REFUND: "BankTransactions",
    Kind.CREDIT_REFUND: "Payments",
}
_ID_NAMES = {
    Kind.CUSTOMER: "ContactID",
    Kind.PRICE: "Code",
    Kind.INVOICE: "InvoiceID",
    Kind.PAYMENT: "PaymentID",
    Kind.CREDIT_NOTE: "CreditNoteID",
    Kind.REFUND: "BankTransactionID",
    Kind.CREDIT_REFUND: "PaymentID",
}
_WRITTEN = frozenset({*_PLURALS.values(), "Allocations"})
# Xero: these two lists can be asked for by ids; the others only one by one.
_BY_IDS = frozenset({Kind.CUSTOMER, Kind.INVOICE})
# Xero: items come all at once.
_UNPAGED = frozenset({Kind.PRICE})
_OPTIONS = {
    Kind.CUSTOMER: "&includeArchived=true",
    Kind.INVOICE: "&unitdp=4",
    Kind.PRICE: "&unitdp=4",
    Kind.CREDIT_NOTE: "&unitdp=4",
    Kind.REFUND: "&unitdp=4",
}
# Xero: payments of invoices and of credit notes share a list, and so do all that was spent and received.
_AMONG_OTHERS = {
    Kind.PAYMENT: 'PaymentType=="ACCRECPAYMENT"',
    Kind.CREDIT_REFUND: 'PaymentType=="ARCREDITPAYMENT"',
    Kind.REFUND: 'Type=="SPEND"',
}


class XeroClient:
    def __init__(self, door: Door, address: Address) -> None:
        self._door = door
        self._tenant = address.account
        self._headers = {"Accept": "application/json", "xero-tenant-id": address.account}

    def whoami(self) -> str:
        """The organisation we speak for. GrantLost if the consent does not reach it any more."""
        connections = self._get("/connections", {"Accept": "application/json"})
        reached = connections if isinstance(connections, list) else []
        tenants = [one.get("tenantId") for one in reached if isinstance(one, dict)]
        if self._tenant in tenants:
            return self._tenant
        if not self._tenant and len(tenants) == 1 and isinstance(tenants[0], str):
            return tenants[0]
        raise GrantLost("Xero's consent does not reach this organisation; a person has to connect it again.")

    def ask(self, path: str) -> Row:
        body = self._get(path, self._headers)
        if not isinstance(body, dict):
            raise ContractBroken("Xero answered with something other than an object.")
        return body

    def push(self, call: Call) -> Row:
        headers = {**self._headers, "Content-Type": call.content_type}
        if call.key:
            headers["Idempotency-Key"] = call.key
        try:
            body = self._door.send(call.method, call.path, call.body, headers, not_executed=_NOT_EXECUTED).body
        except CallRefused as refusal:
            if "summarizeErrors" not in call.path and _says_why(refusal.body):
                return dict(refusal.body)
            raise _refused(refusal) from None
        if not isinstance(body, dict) or not _tells_of_a_write(body):
            raise OutcomeUnknown("Xero answered a write without the elements that were written.")
        return body

    def _get(self, path: str, headers: Mapping[str, str]) -> Any:
        try:
            return self._door.get(path, headers).body
        except CallRefused as refusal:
            raise _refused(refusal) from None

    # --- what is there now -------------------------------------------------------------------------------------------

    def fetch(self, kind: Kind, remote_ids: Sequence[str]) -> Rows:
        rows = self._by_ids(kind, remote_ids) if kind in _BY_IDS else self._one_by_one(kind, remote_ids)
        found, wanted = _by_id(kind, rows), {(kind, remote_id) for remote_id in remote_ids}
        return {key: row for key, row in found.items() if key in wanted}

    def _by_ids(self, kind: Kind, remote_ids: Sequence[str]) -> Iterator[Row]:
        for start in range(0, len(remote_ids), _IDS_MAX):
            ids = ",".join(quote(remote_id, safe="") for remote_id in remote_ids[start : start + _IDS_MAX])
            path = f"{ROOT}/{_PLURALS[kind]}?IDs={ids}&page=1&pageSize={_PAGE}{_OPTIONS.get(kind, '')}"
            yield from _elements(self.ask(path), kind)

    def _one_by_one(self, kind: Kind, remote_ids: Sequence[str]) -> Iterator[Row]:
        for remote_id in remote_ids:
            try:
                yield from _elements(self.ask(f"{ROOT}/{_PLURALS[kind]}/{quote(remote_id, safe='')}"), kind)
            except NotThere:
                continue

    # --- what changed ------------------------------------------------------------------------------------------------

    def changes(self, stream: str, cursor: Row | None) -> Page:
        """A kind's elements in the order of modification, from a second on. A full page goes on from the second of its
        last row, and only if that is the second it began with, on the next page: what is modified meanwhile moves to
        the end and shifts no page that is still to come.
        """
        kind = Kind(stream)
        since = str(cursor["since"]) if cursor else ""
        number = int(cursor.get("page", 1)) if cursor else 1
        rows = self._modified(kind, since, number)
        try:
            last = max(filter(None, (moment(row, "UpdatedDateUTC") for row in rows)), default=None)
        except Unreadable as trouble:
            raise ContractBroken(f"Xero lists something unreadable: {trouble}.") from None
        if kind not in _UNPAGED and len(rows) >= _PAGE and last is not None:
            onward = _second(last)
            place = {"since": since, "page": number + 1} if onward == since else {"since": onward}
            return Page(_by_id(kind, rows), [], place, more=True)
        reached = since if last is None else _second(last - _OVERLAP)
        return Page(_by_id(kind, rows), [], {"since": reached}, more=False)

    def _modified(self, kind: Kind, since: str, number: int) -> Sequence[Row]:
        page = f"&page={number}&pageSize={_PAGE}" if kind not in _UNPAGED else ""
        path = f"{ROOT}/{_PLURALS[kind]}?order=UpdatedDateUTC%20ASC{page}{_OPTIONS.get(kind, '')}"
        if where := _AMONG_OTHERS.get(kind):
            path += f"&where={quote(where, safe='=')}"
        headers = {**self._headers, **({"If-Modified-Since": since} if since else {})}
        body = self._get(path, headers)
        if not isinstance(body, dict):
            raise ContractBroken("Xero answered with something other than an object.")
        return _elements(body, kind)


def _by_id(kind: Kind, rows: Iterable[Row]) -> Rows:
    return {(kind, row[_ID_NAMES[kind]]): row for row in rows}


def _tells_of_a_write(body: Row) -> bool:
    """Xero: what was removed is answered by itself. An allocation's id is not in every answer that Xero documents; one
    without it is looked up, for without its id it could not be removed again.
    """
    if body.get("IsDeleted") is True:
        return True
    allocations = body.get("Allocations")
    for allocation in allocations if isinstance(allocations, list) else ():
        if not isinstance(allocation, dict) or not (
            allocation.get("AllocationID") or allocation.get("ValidationErrors")
        ):
            return False
    return any(isinstance(body.get(plural), list) for plural in _WRITTEN)


def _says_why(body: Any) -> bool:
    """Xero: a call for one element is refused as a whole, with the reason where a batch has its elements."""
    return isinstance(body, dict) and isinstance(body.get("Elements"), list) and bool(body["Elements"])


def _elements(body: Row, kind: Kind) -> Sequence[Row]:
    elements = body.get(_PLURALS[kind])
    if not isinstance(elements, list):
        raise ContractBroken(f"Xero's answer is not a list of {_PLURALS[kind]}.")
    if not all(isinstance(element, dict) and isinstance(element.get(_ID_NAMES[kind]), str) for element in elements):
        raise ContractBroken(f"Xero lists {_PLURALS[kind]} without a {_ID_NAMES[kind]}.")
    return elements


def _second(at: datetime) -> str:
    """Xero: UTC without a zone, no fractions."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _refused(refusal: CallRefused) -> CallRefused | GrantLost:
    """In Xero's own words, where it says why.

    Xero: 403 says that the organisation is not, or no longer, among those that were consented to.
    """
    if refusal.status == 403:
        return GrantLost("Xero's consent does not reach this organisation; a person has to connect it again.")
    words = refusal.body.get("Message") if isinstance(refusal.body, dict) else None
    if not isinstance(words, str) or not words:
        return refusal
    return CallRefused(f"{words.rstrip('.')}.", refusal.status, refusal.body)
