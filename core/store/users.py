"""People who may look at the pages. Their log-in names stand here and nowhere else: audit and logs hold ids."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core.errors import Misconfigured
from core.roles import Role
from core.store import audit, schema, sessions
from core.store.audit import Deed
from core.store.work import Work


@dataclass(frozen=True, slots=True)
class User:
    id: str
    workspace_id: str
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


def add(work: Work, name: str, password_hash: str, role: Role, actor: str) -> str:
    """The new user's id. Raises Misconfigured if the name is taken, in whatever workspace."""
    if by_name(work.connection, name) is not None:
        raise Misconfigured(f"There is a user named {name} already; nothing was changed.")
    user_id = work.new_id()
    work.connection.execute(
        insert(schema.user).values(
            workspace_id=work.workspace_id,
            id=user_id,
            name=name,
            password_hash=password_hash,
            role=role.value,
            created_at=work.now,
        )
    )
    audit.note(work, [Deed("user added", user_id, f"as {role}", actor=actor)])
    return user_id


def by_name(database: Connection, name: str) -> tuple[User, str] | None:
    """The user and the password's hash; the log-in page knows no workspace yet."""
    row = database.execute(select(schema.user).where(schema.user.c.name == name)).one_or_none()
    return None if row is None else (of_row(row), row.password_hash)


def users(database: Connection, workspace_id: str) -> list[User]:
    table = schema.user
    rows = database.execute(select(table).where(table.c.workspace_id == workspace_id).order_by(table.c.name))
    return [of_row(row) for row in rows]


def set_password(work: Work, user_id: str, password_hash: str, actor: str) -> None:
    """Every session that the old password opened is over."""
    _set(work, user_id, password_hash=password_hash)
    sessions.end_all(work, user_id)
    audit.note(work, [Deed("password changed", user_id, "set anew", actor=actor)])


def disable(work: Work, user_id: str, actor: str) -> None:
    _set(work, user_id, disabled_at=work.now)
    sessions.end_all(work, user_id)
    audit.note(work, [Deed("user disabled", user_id, "no longer let in", actor=actor)])


def of_row(row: Row[Any]) -> User:
    return User(row.id, row.workspace_id, row.name, Role(row.role), row.created_at, row.disabled_at)


def _set(work: Work, user_id: str, **values: Any) -> None:
    table = schema.user
    work.connection.execute(
        update(table).where(table.c.workspace_id == work.workspace_id, table.c.id == user_id).values(**values)
    )
