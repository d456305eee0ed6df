"""What we were told: receipts and their events, kept for ever, each event unique per connection."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, insert, select, update

from core.reasons import Reason, ReasonCode
from core.store import schema
from core.store.bodies import fingerprint, keep
from core.store.work import Store, Work, insert_new

ATTEMPTS_MAX = 3

_HINTS_MAX = 500
_WAITING_MAX = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """One thing a vendor told us, resolved to a connection. `kind` is empty where nothing is to be done."""

    connection_id: str | None
    key: str
    type: str
    kind: str
    remote_id: str
    account: str
    content: bytes
    """What the vendor said apart from the attempt: the same event told again has the same content."""
    occurred_at: datetime | None
    parked: Reason | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What came to an app's door, signed: its raw body, the headers that are kept, and what it tells."""

    app_id: str
    headers: Mapping[str, str]
    body: bytes
    readable: bool
    told: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Hint:
    """All pending events about one remote object, as one."""

    remote_id: str
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Events that nobody works on yet, by the object that each is about."""

    events: Mapping[tuple[str, str], Sequence[str]]

    def answered_by(self, shown: Iterable[tuple[str, str]]) -> list[str]:
        """The events about these (kind, remote id)."""
        return [event_id for one in shown for event_id in self.events.get(one, ())]


def receive(store: Store, work: Work, messages: Sequence[Message]) -> list[str]:
    """Keeps signed messages as they came, their raw bytes sealed, and files what they tell. The receipts' ids."""
    body_ids = keep(store, work, [one.body for one in messages])
    receipts: list[dict[str, Any]] = [
        {
            "workspace_id": work.workspace_id,
            "id": work.new_id(),
            "app_id": one.app_id,
            "body_id": body_id,
            "received_at": work.now,
            "headers": dict(one.headers),
            "readable": one.readable,
        }
        for one, body_id in zip(messages, body_ids, strict=True)
    ]
    work.connection.execute(insert(schema.receipt), receipts)
    receipt_ids = [receipt["id"] for receipt in receipts]
    _file(
        work,
        [
            _row(store, work, told, receipt_id, "webhook")
            for one, receipt_id in zip(messages, receipt_ids, strict=True)
            for told in one.told
        ],
    )
    return receipt_ids


def note(store: Store, work: Work, told: Sequence[Told], receipt_id: str | None, cause: str) -> int:
    """Files events, each key once per connection for ever. How many were new.

    A known key with other contents (a vendor's fault, or an attack) is kept beside the first as parked, and what it
    is about is read afresh: the first event counts, but the truth is what a fetch shows.
    """
    return _file(work, [_row(store, work, one, receipt_id, cause) for one in told])


def _file(work: Work, rows: Sequence[dict[str, Any]]) -> int:
    if not rows:
        return 0
    firsts = {(row["connection_id"] or row["account"], row["key"]): row for row in reversed(rows)}
    # in one order for all: two that file the same keys wait for each other, and never in a circle
    new = [firsts[key] for key in sorted(firsts)]
    count: int = work.connection.execute(_insert_new(work), new).rowcount
    if count < len(rows):
        filed = _filed(work, [row["id"] for row in rows])
        _file_conflicts(work, [row for row in rows if row["id"] not in filed and row["connection_id"] is not None])
    return count


def claim(work: Work, connection_id: str, kind: str, objects_max: int) -> list[Hint]:
    """The oldest pending events, gathered by object. Counts the attempt now, so that a crash counts too.

    Events that made the work stop too often are parked here, each alone, so that the others flow.
    """
    event = schema.event
    lane = (
        event.c.workspace_id == work.workspace_id,
        event.c.connection_id == connection_id,
        event.c.kind == kind,
        event.c.state == "pending",
    )
    rows = work.connection.execute(
        select(event.c.id, event.c.remote_id, event.c.attempts).where(*lane).order_by(event.c.id).limit(_HINTS_MAX)
    ).all()
    for row in rows:
        if row.attempts >= ATTEMPTS_MAX:
            document = f"{kind} {row.remote_id}"
            reason = Reason(ReasonCode.CRASHED, {"document": document, "attempts": str(row.attempts)})
            park(work, [row.id], reason)
    fresh = [row for row in rows if row.attempts == 0]
    # what was tried before may be what made the work stop: it goes alone
    suspects = [row for row in rows if 0 < row.attempts < ATTEMPTS_MAX]
    chosen: dict[str, list[str]] = {}
    for row in suspects[:1] or fresh:
        if row.remote_id in chosen or len(chosen) < objects_max:
            chosen.setdefault(row.remote_id, []).append(row.id)
    if suspects:
        only = next(iter(chosen))
        chosen[only] = [row.id for row in suspects if row.remote_id == only]
    ids = [event_id for event_ids in chosen.values() for event_id in event_ids]
    if ids:
        work.connection.execute(update(event).where(*_these(work, ids)).values(attempts=event.c.attempts + 1))
    return [Hint(remote_id, tuple(event_ids)) for remote_id, event_ids in chosen.items()]


def waiting(database: Connection, workspace_id: str, connection_id: str) -> Waiting:
    """What a read that begins after this answers too, should it show these objects. Not more than is soon looked at."""
    event = schema.event
    rows = database.execute(
        select(event.c.id, event.c.kind, event.c.remote_id)
        .where(
            event.c.workspace_id == workspace_id,
            event.c.connection_id == connection_id,
            event.c.state == "pending",
            event.c.attempts == 0,
        )
        .limit(_WAITING_MAX)
    )
    events: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        events.setdefault((row.kind, row.remote_id), []).append(row.id)
    return Waiting(events)


def finish(work: Work, event_ids: Sequence[str]) -> None:
    _settle(work, event_ids, state="done", done_at=work.now)


def park(work: Work, event_ids: Sequence[str], reason: Reason) -> None:
    _settle(work, event_ids, state="parked", reason_code=reason.code.value, reason_params=reason.params)


def give_back(work: Work, event_ids: Sequence[str]) -> None:
    """The vendor could not be asked: nothing is wrong with these, they are tried again."""
    _settle(work, event_ids, attempts=0)


def release(work: Work, connection_id: str, codes: Sequence[ReasonCode]) -> int:
    """Parked events whose cause may be gone are tried again. How many."""
    event = schema.event
    return work.connection.execute(
        update(event)
        .where(
            event.c.workspace_id == work.workspace_id,
            event.c.connection_id == connection_id,
            event.c.state == "parked",
            event.c.reason_code.in_([code.value for code in codes]),
        )
        .values(state="pending", attempts=0, reason_code=None, reason_params=None)
    ).rowcount


def _row(store: Store, work: Work, told: Told, receipt_id: str | None, cause: str) -> dict[str, Any]:
    state = "parked" if told.parked else "pending" if told.kind else "ignored"
    return {
        "workspace_id": work.workspace_id,
        "id": work.new_id(),
        "connection_id": told.connection_id,
        "receipt_id": receipt_id,
        "key": told.key,
        "type": told.type,
        "kind": told.kind or None,
        "remote_id": told.remote_id,
        "account": told.account,
        "fingerprint": fingerprint(store, work, told.content),
        "occurred_at": told.occurred_at,
        "cause": cause,
        "state": state,
        "attempts": 0,
        "reason_code": told.parked.code.value if told.parked else None,
        "reason_params": told.parked.params if told.parked else None,
        "created_at": work.now,
        "done_at": None,
    }


def _insert_new(work: Work) -> Insert:
    """Files the rows whose key is new, and says how many those were: all of them, nearly always."""
    return insert_new(work, schema.event).execution_options(preserve_rowcount=True)


def _filed(work: Work, event_ids: Sequence[str]) -> set[str]:
    return set(work.connection.execute(select(schema.event.c.id).where(*_these(work, event_ids))).scalars())


def _file_conflicts(work: Work, repeats: Sequence[dict[str, Any]]) -> None:
    event = schema.event
    known = {
        (row.connection_id, row.key): row
        for row in work.connection.execute(
            select(event.c.connection_id, event.c.key, event.c.id, event.c.fingerprint).where(
                event.c.workspace_id == work.workspace_id,
                event.c.connection_id.in_({row["connection_id"] for row in repeats}),
                event.c.key.in_([row["key"] for row in repeats]),
            )
        )
    }
    for row in repeats:
        first = known[row["connection_id"], row["key"]]
        if first.fingerprint == row["fingerprint"]:
            continue
        reason = Reason(ReasonCode.SAME_ID_OTHER_BODY, {"event": row["key"], "connection": row["connection_id"]})
        conflict = row | {
            "key": f"{row['key']}#{row['fingerprint'][:16]}",
            "state": "parked",
            "reason_code": reason.code.value,
            "reason_params": reason.params,
        }
        work.connection.execute(_insert_new(work), [conflict])
        work.connection.execute(
            update(event)
            .where(*_these(work, [first.id]), event.c.state == "done")
            .values(state="pending", attempts=0, done_at=None)
        )


def _settle(work: Work, event_ids: Sequence[str], **values: Any) -> None:
    if event_ids:
        work.connection.execute(update(schema.event).where(*_these(work, event_ids)).values(**values))


def _these(work: Work, event_ids: Sequence[str]) -> tuple[Any, ...]:
    return (schema.event.c.workspace_id == work.workspace_id, schema.event.c.id.in_(event_ids))
