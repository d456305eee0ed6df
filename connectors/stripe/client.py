"""Moves Stripe's rows: as few calls as Stripe allows, and each row whole."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from urllib.parse import quote, urlencode

from connectors.contract import Address, Call, Page, Row
from connectors.http import Door
from connectors.rows import Unreadable
from connectors.stripe.events import notification, polled
from connectors.stripe.lists import PAGE, ListPage, Params, created, everything, page
from connectors.stripe.payments import INTENTS, INVOICE_PAYMENTS, PaymentListing, charge_row, payment_row
from core.errors import CallRefused, ContractBroken, NotThere, OutcomeUnknown
from core.kinds import Kind

VERSION = "2026-10-28.endive"

_OVERLAP_SECONDS = 600
_KNOWN_MAX = 1000
# Stripe: a request that was refused for its rate was not executed.
_NOT_EXECUTED = frozenset({429})

_PATHS = {
    Kind.CUSTOMER: "/v1/customers",
    Kind.PRODUCT: "/v1/products",
    Kind.TAX_RATE: "/v1/tax_rates",
    Kind.PRICE: "/v1/prices",
    Kind.INVOICE: "/v1/invoices",
}


class StripeClient:
    def __init__(self, door: Door, address: Address) -> None:
        self._door = door
        self._headers = {"Stripe-Version": VERSION}
        if address.account:
            self._headers["Stripe-Account"] = address.account

    def whoami(self) -> str:
        account = self.ask("/v1/account").get("id")
        if not isinstance(account, str):
            raise ContractBroken("Stripe does not say which account this is.")
        return account

    def ask(self, path: str) -> Row:
        body = self._door.get(path, self._headers).body
        if not isinstance(body, dict):
            raise ContractBroken("Stripe answered with something other than an object.")
        return body

    def push(self, call: Call) -> Row:
        headers = {**self._headers, "Content-Type": call.content_type}
        if call.key:
            headers["Idempotency-Key"] = call.key
        body = self._door.send(call.method, call.path, call.body, headers, not_executed=_NOT_EXECUTED).body
        if not isinstance(body, dict):
            raise OutcomeUnknown("Stripe answered a write with something other than an object.")
        return body

    # --- what is there now -------------------------------------------------------------------------------------------

    def fetch(self, kind: Kind, remote_ids: Sequence[str]) -> Mapping[str, Row]:
        if kind is Kind.PRODUCT:
            return self._products(remote_ids)
        found = {}
        for remote_id in remote_ids:
            try:
                row = self._one(kind, remote_id)
            except NotThere:
                continue
            # Stripe: a deleted customer is still answered, as its id and `deleted`
            if not row.get("deleted"):
                found[remote_id] = row
        return found

    def _one(self, kind: Kind, remote_id: str) -> Row:
        ident = quote(remote_id, safe="")
        if kind is Kind.PAYMENT:
            return self._payment(remote_id, ident)
        row = self.ask(f"{_PATHS[kind]}/{ident}")
        return self._with_all_lines(row) if kind is Kind.INVOICE else row

    def _payment(self, remote_id: str, ident: str) -> Row:
        if remote_id.startswith(("ch_", "py_")):
            return charge_row(self.ask(f"/v1/charges/{ident}?{urlencode([('expand[]', 'balance_transaction')])}"))
        expand = urlencode([("expand[]", "latest_charge.balance_transaction")])
        intent = self.ask(f"{INTENTS}/{ident}?{expand}")
        of_intent = [("payment[type]", "payment_intent"), ("payment[payment_intent]", remote_id)]
        return payment_row(intent, list(everything(self.ask, INVOICE_PAYMENTS, of_intent)))

    def _products(self, remote_ids: Sequence[str]) -> Mapping[str, Row]:
        """Stripe: products are the only kind here whose list can be asked for by ids."""
        found = {}
        for start in range(0, len(remote_ids), PAGE):
            ids = [("ids[]", remote_id) for remote_id in remote_ids[start : start + PAGE]]
            for row in page(self.ask, _PATHS[Kind.PRODUCT], ids).rows:
                found[str(row["id"])] = row
        return found

    def _with_all_lines(self, invoice: Row) -> Row:
        """Stripe: an invoice holds its first ten lines; all of them are on pages of their own."""
        lines = invoice.get("lines")
        if not isinstance(lines, dict) or not lines.get("has_more"):
            return invoice
        path = f"{_PATHS[Kind.INVOICE]}/{quote(str(invoice['id']), safe='')}/lines"
        return {**invoice, "lines": {**lines, "data": list(everything(self.ask, path)), "has_more": False}}

    # --- what changed ------------------------------------------------------------------------------------------------

    def changes(self, kind: Kind, cursor: Row | None) -> Page:
        """First every row there is, newest first; then, for ever, what events tell.

        The newest events are remembered before the first page is read: what happens meanwhile is told afterwards, and
        what had happened before is in the rows. Stripe keeps events for 30 days.
        """
        if cursor is None:
            cursor = {**self._newest_events(kind), "listing": {}}
        try:
            return self._listed(kind, cursor) if "listing" in cursor else self._told(kind, cursor)
        except (NotThere, CallRefused):
            # Stripe: a list cannot go on after a row that is gone; it is read again from its start
            begun = {"since": cursor["since"], "known": cursor["known"]}
            if cursor.get("listing"):
                return Page([], [], {**begun, "listing": {}}, more=True)
            if cursor.get("after"):
                return Page([], [], begun, more=True)
            raise
        except Unreadable as trouble:
            raise ContractBroken(f"Stripe lists what its contract does not know: {trouble}.") from None

    def _newest_events(self, kind: Kind) -> Row:
        seen: dict[str, int] = {}
        after, more = "", True
        while more and len(seen) < _KNOWN_MAX:
            answer = self._events(kind, [], after)
            seen |= {str(event["id"]): created(event) for event in answer.rows}
            more = answer.more and created(answer.rows[-1]) >= max(seen.values()) - _OVERLAP_SECONDS
            after = answer.last
        return _known(0, seen)

    def _listed(self, kind: Kind, cursor: Row) -> Page:
        rows: Sequence[Row]
        if kind is Kind.PAYMENT:
            listing = PaymentListing(**cursor["listing"])
            rows, more = listing.next_rows(self.ask)
            place = asdict(listing)
        else:
            answer = page(self.ask, _PATHS[kind], after=cursor["listing"].get("after", ""))
            rows = [self._with_all_lines(row) for row in answer.rows] if kind is Kind.INVOICE else answer.rows
            more, place = answer.more, {"after": answer.last}
        begun = {"since": cursor["since"], "known": cursor["known"]}
        return Page(rows, [], {**begun, "listing": place} if more else begun, more)

    def _told(self, kind: Kind, cursor: Row) -> Page:
        """Events from a little before the newest known one on, since an event may appear after a younger one."""
        floor = max(cursor["since"] - _OVERLAP_SECONDS, 0)
        answer = self._events(kind, [("created[gte]", str(floor))], cursor.get("after", ""))
        told = [event for event in reversed(answer.rows) if event["id"] not in cursor["known"]]
        seen = {**cursor.get("seen", {}), **{str(event["id"]): created(event) for event in answer.rows}}
        notifications = [notification(event) for event in told]
        if answer.more:
            return Page([], notifications, {**cursor, "after": answer.last, "seen": seen}, more=True)
        return Page([], notifications, _known(cursor["since"], seen), more=False)

    def _events(self, kind: Kind, params: Params, after: str) -> ListPage:
        return page(self.ask, "/v1/events", [*(("types[]", name) for name in polled(kind)), *params], after)


def _known(since: int, seen: Mapping[str, int]) -> Row:
    """Where the next question begins, and which of its answers were told already."""
    newest = max([since, *seen.values()])
    recent = sorted(seen, key=lambda ident: -seen[ident])[:_KNOWN_MAX]
    return {
        "since": newest,
        "known": {ident: seen[ident] for ident in recent if seen[ident] >= newest - _OVERLAP_SECONDS},
    }
