"""Moves Stripe's rows: as few calls as Stripe allows, and each row whole."""

import re
from collections.abc import Sequence
from contextlib import suppress

from connectors.contract import Address, Call, Page, Row, Rows
from connectors.http import Door
from connectors.rows import Unreadable
from connectors.stripe import composed, history, news, places
from connectors.stripe.events import notifications
from core.errors import CallRefused, ContractBroken, NotAllowed, NotThere, OutcomeUnknown
from core.kinds import Kind

EVERYTHING = "everything"
"""The one stream: a list of events tells of all kinds."""

VERSION = "2026-10-28.endive"

_WORTH_A_LIST = 4
"""How many rows of a kind are looked for in its list before each is asked for by itself."""

_UNTIL_ALLOWED_SECONDS = 300

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
        try:
            body = self._door.get(path, self._headers).body
        except CallRefused as refusal:
            raise _refused(path, refusal) from None
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
        """First what there is; then, for ever, what is told since. Stripe keeps events for 30 days."""
        assert stream == EVERYTHING, "Stripe tells of all kinds in one stream"
        if not cursor:
            cursor = history.begun(self.ask, whole=cursor is not None)
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

    def _listed(self, cursor: Row) -> Page:
        rows, onward = history.next_page(self.ask, cursor)
        return Page(rows, [], onward, more=onward["history"] is not None)

    def _told(self, cursor: Row) -> Page:
        events, told = news.since(self.ask, news.EVENTS, cursor[news.EVENTS])
        moved, went = news.since(self.ask, news.MOVED, cursor[news.MOVED])
        return Page(
            rows={(Kind.BALANCE_TRANSACTION, str(row["id"])): row for row in moved},
            notifications=[one for event in events for one in notifications(event) if one.kind],
            cursor={news.EVENTS: told, news.MOVED: went, "history": None},
            more=news.has_more(told) or news.has_more(went),
        )


def _refused(path: str, refusal: CallRefused) -> CallRefused | NotAllowed:
    """Stripe: 403 says what a restricted key may not do, and mostly names the permission; a code beside it says that
    it is about something else. The rest of its words quote the key.
    """
    told = refusal.body.get("error") if isinstance(refusal.body, dict) else None
    error = told if isinstance(told, dict) else {}
    if refusal.status != 403 or error.get("code"):
        return refusal
    read = re.split("[/?]", path)[2].replace("_", " ")
    named = re.search(r"\brak_\w+", str(error.get("message")))
    wanted = f"the permission {named[0]}" if named else "that permission"
    return NotAllowed(f"does not let our key read {read}. Give the key {wanted} there", _UNTIL_ALLOWED_SECONDS)


def _begun_again(cursor: Row) -> Row:
    """The same place without a row to go on after."""
    if cursor.get("history"):
        return {**cursor, "history": history.again(cursor["history"]) or cursor["history"]}
    return {**cursor, **{path: news.again(cursor[path]) for path in news.POLLED}}
