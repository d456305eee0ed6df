"""Moves Stripe's rows: as few calls as Stripe allows, and each row whole."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from connectors.contract import Address, Call, Page, Row, Rows
from connectors.http import Door
from connectors.rows import Unreadable
from connectors.stripe import composed, history, places
from connectors.stripe.events import notifications
from connectors.stripe.lists import created, page
from core.errors import CallRefused, ContractBroken, NotThere, OutcomeUnknown
from core.kinds import Kind

EVERYTHING = "everything"
"""The one stream: a list of events tells of all kinds."""

VERSION = "2026-10-28.endive"

_OVERLAP_SECONDS = 600
_KNOWN_MAX = 1000
_WORTH_A_LIST = 4
"""How many rows of a kind are looked for in its list before each is asked for by itself."""
_EVENTS, _MOVED = _NEWS = ("/v1/events", "/v1/balance_transactions")
"""The lists that are polled."""

# Stripe: a request that was refused for its rate was not executed.
_NOT_EXECUTED = frozenset({429})


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

    def fetch(self, kind: Kind, remote_ids: Sequence[str]) -> Rows:
        if kind is Kind.PRODUCT:
            return places.by_ids(self.ask, remote_ids)
        rows = dict(self._newest(kind, remote_ids)) if len(remote_ids) >= _WORTH_A_LIST else {}
        for remote_id in remote_ids:
            if (kind, remote_id) not in rows:
                with suppress(NotThere):
                    rows.update(self._one(kind, remote_id))
        return rows

    def _newest(self, kind: Kind, remote_ids: Sequence[str]) -> Rows:
        if kind is Kind.PAYMENT:
            return composed.newest_payments(self.ask, remote_ids)
        return places.newest(self.ask, kind, remote_ids) if kind in places.PLACES else {}

    def _one(self, kind: Kind, remote_id: str) -> Rows:
        if kind is Kind.PAYMENT:
            return composed.payment(self.ask, remote_id)
        if kind is Kind.REFUND:
            return composed.refund(self.ask, remote_id)
        return places.one(self.ask, kind, remote_id)

    # --- what changed ------------------------------------------------------------------------------------------------

    def changes(self, stream: str, cursor: Row | None) -> Page:
        """First everything there is; then, for ever, what is told since.

        The newest news is remembered before the first page is read: what happens meanwhile is told afterwards, and
        what had happened before is in the rows. Stripe keeps events for 30 days.
        """
        assert stream == EVERYTHING, "Stripe tells of all kinds in one stream"
        if cursor is None:
            cursor = {**{path: self._reached(path) for path in _NEWS}, "history": history.BEGIN}
        try:
            return self._listed(cursor) if cursor.get("history") else self._told(cursor)
        except (NotThere, CallRefused):
            # Stripe: a list cannot go on after a row that is gone; it is read again from its start
            begun = _begun_again(cursor)
            if begun == cursor:
                raise
            return Page({}, [], begun, more=True)
        except Unreadable as trouble:
            raise ContractBroken(f"Stripe lists what its contract does not know: {trouble}.") from None

    def _reached(self, path: str) -> Row:
        """The newest of a list, and what came so shortly before that it will be listed again."""
        seen: dict[str, int] = {}
        after, more = "", True
        while more and len(seen) < _KNOWN_MAX:
            answer = page(self.ask, path, (), after)
            seen |= {str(one["id"]): created(one) for one in answer.rows}
            more = answer.more and created(answer.rows[-1]) >= max(seen.values()) - _OVERLAP_SECONDS
            after = answer.last
        return _known(0, seen)

    def _listed(self, cursor: Row) -> Page:
        rows, onward = history.next_page(self.ask, cursor["history"])
        return Page(rows, [], {**cursor, "history": onward}, more=onward is not None)

    def _told(self, cursor: Row) -> Page:
        """Stripe: no event tells of a balance transaction, but none changes either: new ones are rows at once."""
        news, reached = {}, {}
        for path in _NEWS:
            news[path], reached[path] = self._since(path, cursor[path])
        return Page(
            rows={(Kind.BALANCE_TRANSACTION, str(row["id"])): row for row in news[_MOVED]},
            notifications=[told for event in news[_EVENTS] for told in notifications(event) if told.kind],
            cursor={**reached, "history": None},
            more=any("after" in place for place in reached.values()),
        )

    def _since(self, path: str, place: Row) -> tuple[Sequence[Row], Row]:
        """What is new, the oldest first, from a little before the newest known one on, since it may appear after a
        younger one; and where to go on.
        """
        floor = max(place["since"] - _OVERLAP_SECONDS, 0)
        answer = page(self.ask, path, [("created[gte]", str(floor))], place.get("after", ""))
        told = [one for one in reversed(answer.rows) if one["id"] not in place["known"]]
        seen = {**place.get("seen", {}), **{str(one["id"]): created(one) for one in answer.rows}}
        return told, {**place, "after": answer.last, "seen": seen} if answer.more else _known(place["since"], seen)


def _known(since: int, seen: Mapping[str, int]) -> Row:
    """Where the next question begins, and which of its answers were told already."""
    newest = max([since, *seen.values()])
    recent = sorted(seen, key=lambda ident: -seen[ident])[:_KNOWN_MAX]
    return {
        "since": newest,
        "known": {ident: seen[ident] for ident in recent if seen[ident] >= newest - _OVERLAP_SECONDS},
    }


def _begun_again(cursor: Row) -> Row:
    """The same place without a row to go on after."""
    if cursor.get("history"):
        return {**cursor, "history": history.again(cursor["history"]) or cursor["history"]}
    return {**cursor, **{path: {name: cursor[path][name] for name in ("since", "known")} for path in _NEWS}}
