"""Moves Stripe's rows: as few calls as Stripe allows, and each row whole."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import quote

from connectors.contract import Address, Call, Page, Row
from connectors.http import Door
from connectors.rows import Unreadable
from connectors.stripe import composed
from connectors.stripe.composed import COMPOSED, Listing, expanded
from connectors.stripe.events import notifications, polled
from connectors.stripe.lists import PAGE, ListPage, Params, created, everything, page
from core.errors import CallRefused, ContractBroken, NotThere, OutcomeUnknown
from core.kinds import Kind

VERSION = "2026-10-28.endive"

_OVERLAP_SECONDS = 600
_KNOWN_MAX = 1000
# Stripe: a request that was refused for its rate was not executed.
_NOT_EXECUTED = frozenset({429})


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    params: Params = ()
    """What the list has to be asked for, to show all."""
    expand: Sequence[str] = ()
    parts: str = ""
    """What every row holds the first ten of: all of them are on pages of their own."""


_PLACES = {
    Kind.CUSTOMER: _Place("/v1/customers"),
    Kind.PRODUCT: _Place("/v1/products"),
    Kind.TAX_RATE: _Place("/v1/tax_rates"),
    Kind.COUPON: _Place("/v1/coupons"),
    Kind.PROMOTION_CODE: _Place("/v1/promotion_codes"),
    Kind.PRICE: _Place("/v1/prices", expand=["tiers"]),
    # Stripe: a subscription that was cancelled is not listed unless it is asked for
    Kind.SUBSCRIPTION: _Place("/v1/subscriptions", [("status", "all")], parts="items"),
    Kind.INVOICE: _Place("/v1/invoices", parts="lines"),
    Kind.CREDIT_NOTE: _Place("/v1/credit_notes", parts="lines"),
    Kind.BALANCE_TRANSACTION: _Place("/v1/balance_transactions"),
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
            return composed.payment(self.ask, remote_id, ident)
        if kind is Kind.REFUND:
            return composed.refund(self.ask, ident)
        place = _PLACES[kind]
        return self._whole(kind, self.ask(f"{place.path}/{ident}{expanded(place.expand)}"))

    def _products(self, remote_ids: Sequence[str]) -> Mapping[str, Row]:
        """Stripe: products are the only kind here whose list can be asked for by ids."""
        found = {}
        for start in range(0, len(remote_ids), PAGE):
            ids = [("ids[]", remote_id) for remote_id in remote_ids[start : start + PAGE]]
            for row in page(self.ask, _PLACES[Kind.PRODUCT].path, ids).rows:
                found[str(row["id"])] = row
        return found

    def _whole(self, kind: Kind, row: Row) -> Row:
        """Stripe: a row holds the first ten of its lines or items; all of them are on pages of their own."""
        name = _PLACES[kind].parts
        first = row.get(name) if name else None
        if not isinstance(first, dict) or not first.get("has_more"):
            return row
        if kind is Kind.SUBSCRIPTION:
            rest = everything(self.ask, "/v1/subscription_items", [("subscription", str(row["id"]))])
        else:
            rest = everything(self.ask, f"{_PLACES[kind].path}/{quote(str(row['id']), safe='')}/{name}")
        return {**row, name: {**first, "data": list(rest), "has_more": False}}

    # --- what changed ------------------------------------------------------------------------------------------------

    def changes(self, kind: Kind, cursor: Row | None) -> Page:
        """First every row there is, newest first; then, for ever, what is told since.

        The newest news is remembered before the first page is read: what happens meanwhile is told afterwards, and
        what had happened before is in the rows. Stripe keeps events for 30 days.
        """
        if cursor is None:
            cursor = {**self._newest(kind), "listing": {}}
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

    def _newest(self, kind: Kind) -> Row:
        seen: dict[str, int] = {}
        after, more = "", True
        while more and len(seen) < _KNOWN_MAX:
            answer = self._news(kind, [], after)
            seen |= {str(one["id"]): created(one) for one in answer.rows}
            more = answer.more and created(answer.rows[-1]) >= max(seen.values()) - _OVERLAP_SECONDS
            after = answer.last
        return _known(0, seen)

    def _listed(self, kind: Kind, cursor: Row) -> Page:
        rows: Sequence[Row]
        if kind in COMPOSED:
            listing = Listing(**cursor["listing"])
            rows, more = listing.next_rows(self.ask, COMPOSED[kind])
            place = asdict(listing)
        else:
            answer = self._page(kind, cursor["listing"].get("after", ""))
            rows, more, place = [self._whole(kind, row) for row in answer.rows], answer.more, {"after": answer.last}
        begun = {"since": cursor["since"], "known": cursor["known"]}
        return Page(rows, [], {**begun, "listing": place} if more else begun, more)

    def _page(self, kind: Kind, after: str) -> ListPage:
        place = _PLACES[kind]
        return page(
            self.ask, place.path, [*place.params, *(("expand[]", f"data.{path}") for path in place.expand)], after
        )

    def _told(self, kind: Kind, cursor: Row) -> Page:
        """News from a little before the newest known one on, since it may appear after a younger one."""
        floor = max(cursor["since"] - _OVERLAP_SECONDS, 0)
        answer = self._news(kind, [("created[gte]", str(floor))], cursor.get("after", ""))
        told = [one for one in reversed(answer.rows) if one["id"] not in cursor["known"]]
        seen = {**cursor.get("seen", {}), **{str(one["id"]): created(one) for one in answer.rows}}
        onward = {**cursor, "after": answer.last, "seen": seen} if answer.more else _known(cursor["since"], seen)
        if kind is Kind.BALANCE_TRANSACTION:
            return Page(told, [], onward, answer.more)
        return Page([], [one for event in told for one in notifications(event)], onward, answer.more)

    def _news(self, kind: Kind, params: Params, after: str) -> ListPage:
        """What happened, newest first. Stripe: no event tells of a balance transaction, but none changes either."""
        if kind is Kind.BALANCE_TRANSACTION:
            return page(self.ask, _PLACES[kind].path, params, after)
        return page(self.ask, "/v1/events", [*(("types[]", name) for name in polled(kind)), *params], after)


def _known(since: int, seen: Mapping[str, int]) -> Row:
    """Where the next question begins, and which of its answers were told already."""
    newest = max([since, *seen.values()])
    recent = sorted(seen, key=lambda ident: -seen[ident])[:_KNOWN_MAX]
    return {
        "since": newest,
        "known": {ident: seen[ident] for ident in recent if seen[ident] >= newest - _OVERLAP_SECONDS},
    }
