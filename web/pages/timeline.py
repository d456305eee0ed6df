"""A document's steps in the order in which they happened, whoever took them, and what each entry was caused by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from connectors import strict_json
from core.reasons import Reason, ReasonCode
from core.store.connections import Connection
from core.store.reading.story import Story
from web.pages import words

_FIELDS_MAX = 6


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    sort: str
    """told, seen, saved, owed, sent, answered or arrived"""
    title: str
    detail: str
    of: str
    """What can be opened: observation, delivery or nothing; `id` says which."""
    id: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an entry stands in the books: what told us, what was seen, and the revision that it was posted with."""

    told: Row[Any] | None
    seen: Row[Any] | None
    saved: Row[Any] | None


def steps(told: Story, shown: Mapping[str, bytes], links: Mapping[str, Connection]) -> list[Step]:
    taken = [
        *_events(told, links),
        *_observations(told, shown, links),
        *_deeds(told),
        *_deliveries(told, links),
        *_pushes(told, links),
    ]
    order = {"told": 0, "seen": 1, "saved": 2, "owed": 3, "sent": 4, "answered": 5, "arrived": 6}
    return sorted(taken, key=lambda step: (step.at, order[step.sort]))


def causes(told: Story) -> dict[str, Cause]:
    """By entry id. An entry, its revision and the end of the events behind it are one unit of work: one moment."""
    found = {}
    for entry in told.entries:
        at = entry.created_at
        seen = [one for one in told.observations if one.seen_at <= at and one.cause not in {"push", "question"}]
        found[entry.id] = Cause(
            next((one for one in told.events if one.done_at == at), None),
            seen[-1] if seen else None,
            next((one for one in told.deeds if one.at == at), None),
        )
    return found


def _events(told: Story, links: Mapping[str, Connection]) -> Iterator[Step]:
    for one in told.events:
        system = links[one.connection_id].name
        how = "A webhook" if one.cause == "webhook" else "A poll"
        title = f"{system} told us: {one.type}" if one.type != "pull" else f"{system} listed it, to be read again"
        detail = f"{how}, event {one.key}"
        if one.reason_code:
            detail = Reason(ReasonCode(one.reason_code), dict(one.reason_params or {})).sentence()
        yield Step(one.created_at, "told", title, detail, "", one.id, one.state)


def _observations(told: Story, shown: Mapping[str, bytes], links: Mapping[str, Connection]) -> Iterator[Step]:
    before: dict[tuple[str, str], Mapping[str, Any]] = {}
    causes = {
        "event": "fetched after it told us",
        "reference": "fetched because another document points to it",
        "pull": "found by a poll",
        "push": "the answer to what we wrote",
        "question": "found by asking after a lost answer",
    }
    for one in told.observations:
        system = links[one.connection_id].name
        now = _row(shown.get(one.id))
        earlier = before.get((one.connection_id, one.remote_id))
        detail = causes.get(one.cause, one.cause)
        if earlier is not None:
            detail += f"; {_changed(earlier, now)}"
        before[one.connection_id, one.remote_id] = now
        yield Step(one.seen_at, "seen", f"{system} showed {one.remote_id}", detail, "observation", one.id)


def _deeds(told: Story) -> Iterator[Step]:
    revision = 0
    for one in told.deeds:
        action = words.spoken(one.action)
        if " written to " in action:
            yield Step(one.at, "arrived", words.sentence(action), "held against what was sent", "")
            continue
        revision += 1
        yield Step(one.at, "saved", f"Revision {revision} saved", f"{action} after what came by {one.cause}", "")


def _deliveries(told: Story, links: Mapping[str, Connection]) -> Iterator[Step]:
    for one in told.deliveries:
        detail = ""
        if one.reason_code:
            detail = Reason(ReasonCode(one.reason_code), dict(one.reason_params or {})).sentence()
        title = f"Owed to {links[one.connection_id].name}: revision {one.revision}"
        yield Step(one.created_at, "owed", title, detail, "delivery", one.id, one.state)


def _pushes(told: Story, links: Mapping[str, Connection]) -> Iterator[Step]:
    for one in told.pushes:
        system = links[one.connection_id].name
        path = one.path.partition("?")[0]
        yield Step(one.created_at, "sent", f"Sent to {system}", f"{one.method} {path}", "delivery", one.delivery_id)
        if one.settled_at:
            yield Step(one.settled_at, "answered", f"{system}: {one.outcome}", "", "delivery", one.delivery_id)


def _row(content: bytes | None) -> Mapping[str, Any]:
    row = strict_json.parse(content) if content is not None else {}
    return row if isinstance(row, dict) else {}


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    names = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    more = f" and {len(names) - _FIELDS_MAX} more" if len(names) > _FIELDS_MAX else ""
    return f"changed: {', '.join(names[:_FIELDS_MAX])}{more}"
