"""Sealed contents: what holds personal details is kept apart from amounts, ids and hashes, under a key of its own."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, insert, select

from core.errors import Misconfigured
from core.seal import DataKey
from core.store import schema
from core.store.work import Store, Work

_FINGERPRINTS = "fingerprints"


def month_scope(work: Work) -> str:
    """The key's scope for contents whose subject is not known yet."""
    return f"month:{work.now:%Y-%m}"


def data_key(store: Store, work: Work, scope: str) -> tuple[str, DataKey]:
    """(its id, the key) of a scope, made on first use."""
    known = store.data_keys.get((work.workspace_id, scope)) or work.new_data_keys.get(scope)
    if known is None:
        known = _find(store, work.connection, work.workspace_id, scope) or _make(store, work, scope)
        work.new_data_keys[scope] = known
    return known


def fingerprint(store: Store, work: Work, content: bytes) -> str:
    """A keyed hash, one key for each workspace."""
    return data_key(store, work, _FINGERPRINTS)[1].fingerprint(content)


def keep(store: Store, work: Work, contents: Iterable[bytes]) -> list[str]:
    """Seals the contents into rows of their own; their ids, in order."""
    key_id, key = data_key(store, work, month_scope(work))
    rows = []
    for content in contents:
        body_id = work.new_id()
        rows.append(
            {
                "workspace_id": work.workspace_id,
                "id": body_id,
                "data_key_id": key_id,
                "fingerprint": fingerprint(store, work, content),
                "sealed": key.seal(content, _bound(work.workspace_id, body_id)),
            }
        )
    if rows:
        work.connection.execute(insert(schema.body), rows)
    return [row["id"] for row in rows]  # type: ignore[misc]


def open_bodies(
    store: Store, connection: Connection, workspace_id: str, body_ids: Iterable[str]
) -> Mapping[str, bytes]:
    """The contents by id. A body whose key was dropped (a person was forgotten) is absent."""
    body, key = schema.body, schema.data_key
    rows = connection.execute(
        select(body.c.id, body.c.sealed, key.c.scope, key.c.id.label("key_id"), key.c.wrapped)
        .join(key, (key.c.workspace_id == body.c.workspace_id) & (key.c.id == body.c.data_key_id))
        .where(body.c.workspace_id == workspace_id, body.c.id.in_(list(body_ids)), key.c.wrapped.is_not(None))
    ).all()
    opened = {}
    for row in rows:
        known = store.data_keys.get((workspace_id, row.scope)) or (
            row.key_id,
            store.masters.unwrap(row.wrapped, _bound(workspace_id, row.key_id)),
        )
        store.data_keys[workspace_id, row.scope] = known
        opened[row.id] = known[1].open(row.sealed, _bound(workspace_id, row.id))
    return opened


def check_keys(store: Store) -> None:
    """Raises Misconfigured unless our keys open what was sealed last, in whichever workspace."""
    key = schema.data_key
    with store.read() as database:
        newest = database.execute(
            select(key).where(key.c.wrapped.is_not(None)).order_by(key.c.created_at.desc()).limit(1)
        ).one_or_none()
    if newest is None:
        return
    try:
        store.masters.unwrap(newest.wrapped, _bound(newest.workspace_id, newest.id))
    except Misconfigured:
        raise Misconfigured(
            "The key does not open what this database holds, so it is another hub's: set SUBLEDGER_KEYS to that hub's "
            "keys, or give this hub a database of its own."
        ) from None


def _find(store: Store, connection: Connection, workspace_id: str, scope: str) -> tuple[str, DataKey] | None:
    key = schema.data_key
    row = connection.execute(
        select(key.c.id, key.c.wrapped).where(key.c.workspace_id == workspace_id, key.c.scope == scope)
    ).one_or_none()
    return None if row is None else (row.id, store.masters.unwrap(row.wrapped, _bound(workspace_id, row.id)))


def _make(store: Store, work: Work, scope: str) -> tuple[str, DataKey]:
    key_id = work.new_id()
    wrapped = store.masters.new_data_key(_bound(work.workspace_id, key_id))
    work.connection.execute(
        insert(schema.data_key).values(
            workspace_id=work.workspace_id, id=key_id, scope=scope, wrapped=wrapped, created_at=work.now
        )
    )
    return key_id, store.masters.unwrap(wrapped, _bound(work.workspace_id, key_id))


def _bound(workspace_id: str, row_id: str) -> str:
    return f"{workspace_id}/{row_id}"
