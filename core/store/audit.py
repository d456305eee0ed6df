"""Who did what, to what, and why: appended in the unit of work that does it, with hashes and ids, never with names."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import insert

from core.store import schema
from core.store.work import Work

HUB = "hub"
"""The actor of whatever no person asked for."""


@dataclass(frozen=True, slots=True)
class Deed:
    action: str
    subject: str
    """The id of what it was done to."""
    cause: str
    """The id, or the kind of thing, that made it happen."""
    before_hash: str = ""
    after_hash: str = ""
    actor: str = HUB


def note(work: Work, deeds: Iterable[Deed]) -> None:
    rows = [
        {
            "workspace_id": work.workspace_id,
            "id": work.new_id(),
            "at": work.now,
            "actor": deed.actor,
            "action": deed.action,
            "subject": deed.subject,
            "cause": deed.cause,
            "before_hash": deed.before_hash,
            "after_hash": deed.after_hash,
        }
        for deed in deeds
    ]
    if rows:
        work.connection.execute(insert(schema.audit), rows)
