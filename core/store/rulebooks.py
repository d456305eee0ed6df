"""Versions of a connection's rulebook: added, never changed; the newest whose time has come is in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from core.store import schema
from core.store.work import Work


@dataclass(frozen=True, slots=True)
class Version:
    id: str
    version: int
    rules: Mapping[str, Any]


def in_force(connection: Connection, workspace_id: str, connection_id: str, at: datetime) -> Version | None:
    rulebook = schema.rulebook
    row = connection.execute(
        select(rulebook.c.id, rulebook.c.version, rulebook.c.rules)
        .where(
            rulebook.c.workspace_id == workspace_id,
            rulebook.c.connection_id == connection_id,
            rulebook.c.effective_from <= at,
        )
        .order_by(rulebook.c.version.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Version(row.id, row.version, row.rules)


def add(work: Work, connection_id: str, rules: Mapping[str, Any], actor: str) -> int:
    """The new version's number. Effective at once."""
    rulebook = schema.rulebook
    newest = work.connection.execute(
        select(func.max(rulebook.c.version)).where(
            rulebook.c.workspace_id == work.workspace_id, rulebook.c.connection_id == connection_id
        )
    ).scalar_one()
    version = (newest or 0) + 1
    work.connection.execute(
        insert(rulebook).values(
            workspace_id=work.workspace_id,
            id=work.new_id(),
            connection_id=connection_id,
            version=version,
            effective_from=work.now,
            rules=dict(rules),
            actor=actor,
        )
    )
    return version
