"""Connections and their secrets. Secrets leave this file only as values in memory that do not print themselves."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection as Database
from sqlalchemy import Row, bindparam, insert, or_, select, update

from core.book import Book
from core.errors import Misconfigured
from core.store import schema, vendors
from core.store.bodies import data_key
from core.store.work import Store, Work

OPTIONS = ("settle_seconds", "pull_seconds", "read_seconds", "calls_per_window")
"""What one connection may say otherwise than its connector declares."""

CHANGES_AGREED_UNTIL = "changes_agreed_until"
"""The option that lets any number of documents be changed, until that moment."""

_SECRETS = "secrets"

_log = logging.getLogger(__name__)
_BACKOFF_MAX_SECONDS = 300

AWAY_AFTER = 3
"""So often in a row without an answer, and people are told."""

ASK_FIRST_UNTIL = "ask_first_until"
"""The option that makes every creation wait for a question, until that moment."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key, or a pair of tokens; or an app's secrets."""

    texts: Mapping[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return self.texts.get(name, "")


@dataclass(frozen=True, slots=True)
class Connection:
    id: str
    workspace_id: str
    book_id: str
    app_id: str | None
    vendor: str
    environment: str
    name: str
    base_url: str
    identity_url: str
    account: str
    state: str
    pause_sentence: str
    not_before: datetime | None
    token_generation: int
    token_expires_at: datetime | None
    book: Book
    book_name: str
    options: Mapping[str, str]
    closed_until: str = ""
    """The last day (ISO) that may no longer be written to there, as it was read; empty for none."""
    closed_read_at: datetime | None = None
    failures: int = 0
    """In a row."""
    is_away: bool = False
    """The last of them got no answer, or none that says why."""
    day_left: int | None = None
    """Calls of the day, as the vendor said last, at that moment:"""
    day_left_at: datetime | None = None

    def is_before(self, option: str, now: datetime) -> bool:
        """Whether the moment that an option names is still to come."""
        until = self.options.get(option)
        return until is not None and now < datetime.fromisoformat(until)

    def option(self, name: str, declared: float) -> float:
        """A declared number, unless this connection says otherwise."""
        return float(Decimal(self.options.get(name, str(declared))))


def connection(database: Database, workspace_id: str, connection_id: str) -> Connection | None:
    found = _select(database, schema.connection.c.workspace_id == workspace_id, schema.connection.c.id == connection_id)
    return found[0] if found else None


def connections(database: Database, workspace_id: str | None = None) -> list[Connection]:
    """Of one workspace, or of all."""
    return _select(database, *([] if workspace_id is None else [schema.connection.c.workspace_id == workspace_id]))


def named(database: Database, workspace_id: str, name: str) -> Connection:
    """As a person calls it. Misconfigured, naming those that there are, if none is called so."""
    found = {one.name: one for one in connections(database, workspace_id)}
    if name not in found:
        there = ", ".join(sorted(found)) or "none"
        raise Misconfigured(f"There is no connection named {name} in this workspace; there are: {there}.")
    return found[name]


def _select(database: Database, *conditions: Any) -> list[Connection]:
    table, book = schema.connection, schema.book
    rows = database.execute(
        select(table, book.c.name.label("book_name"), book.c.base_currency, book.c.time_zone, book.c.country)
        .join(book, (book.c.workspace_id == table.c.workspace_id) & (book.c.id == table.c.book_id))
        .where(*conditions)
        .order_by(table.c.id)
    )
    return [_connection(row) for row in rows]


def _connection(row: Row[Any]) -> Connection:
    return Connection(
        id=row.id,
        workspace_id=row.workspace_id,
        book_id=row.book_id,
        app_id=row.app_id,
        vendor=row.vendor,
        environment=row.environment,
        name=row.name,
        base_url=row.base_url,
        identity_url=row.identity_url,
        account=row.account,
        state=row.state,
        pause_sentence=row.pause_sentence,
        not_before=row.not_before,
        token_generation=row.token_generation,
        token_expires_at=row.token_expires_at,
        book=Book(row.base_currency, row.time_zone, row.country),
        book_name=row.book_name,
        options=row.options,
        closed_until=row.closed_until or "",
        closed_read_at=row.closed_read_at,
        failures=row.failures,
        is_away=bool(row.is_away),
        day_left=row.day_left,
        day_left_at=row.day_left_at,
    )


def add_app(store: Store, work: Work, *, vendor: str, environment: str, name: str, secrets: Mapping[str, str]) -> str:
    """`secrets`: client_id, client_secret, webhook_secret, webhook_secret_previous, as far as the vendor has them."""
    app_id = work.new_id()
    work.connection.execute(
        insert(schema.app).values(
            workspace_id=work.workspace_id,
            id=app_id,
            vendor=vendor,
            environment=environment,
            name=name,
            client_id=secrets.get("client_id", ""),
            secrets=_seal(store, work, app_id, secrets),
        )
    )
    return app_id


def set_app_secrets(store: Store, work: Work, app_id: str, secrets: Mapping[str, str]) -> None:
    work.connection.execute(
        update(schema.app)
        .where(schema.app.c.workspace_id == work.workspace_id, schema.app.c.id == app_id)
        .values(secrets=_seal(store, work, app_id, secrets), client_id=secrets.get("client_id", ""))
    )


def add_connection(
    store: Store,
    work: Work,
    *,
    book_id: str,
    app_id: str | None,
    vendor: str,
    environment: str,
    name: str,
    base_url: str,
    identity_url: str,
    account: str,
    credentials: Mapping[str, str],
    token_expires_at: datetime | None,
    options: Mapping[str, str],
) -> str:
    connection_id = work.new_id()
    vendors.know(work, vendor, environment)
    work.connection.execute(
        insert(schema.connection).values(
            workspace_id=work.workspace_id,
            id=connection_id,
            book_id=book_id,
            app_id=app_id,
            vendor=vendor,
            environment=environment,
            name=name,
            base_url=base_url,
            identity_url=identity_url,
            account=account,
            credentials=_seal(store, work, connection_id, credentials),
            token_generation=1,
            token_expires_at=token_expires_at,
            refresh_fence=0,
            state="active",
            pause_sentence="",
            window_calls=0,
            failures=0,
            options=dict(options),
        )
    )
    return connection_id


@dataclass(frozen=True, slots=True)
class App:
    id: str
    workspace_id: str
    vendor: str
    environment: str
    secrets: Credentials
    connections: Mapping[str, str]
    """Those that it serves: our id to the vendor's id of the account."""
    sealed: bytes = field(repr=False)
    """Its secrets as they stand in its row: sealed anew whenever they are set."""


_APPS = (
    select(schema.app, schema.connection.c.id.label("connection_id"), schema.connection.c.account)
    .outerjoin(
        schema.connection,
        (schema.connection.c.workspace_id == schema.app.c.workspace_id)
        & (schema.connection.c.app_id == schema.app.c.id),
    )
    .where(schema.app.c.id.in_(bindparam("app_ids", expanding=True)))
)


def app(store: Store, database: Database, app_id: str) -> App | None:
    """By its id alone, with all that the webhook door asks about it: it knows no workspace yet."""
    rows = database.execute(_APPS, {"app_ids": [app_id]}).all()
    if not rows:
        return None
    one = rows[0]
    secrets = _open(store, database, one.workspace_id, one.id, one.secrets)
    return App(one.id, one.workspace_id, one.vendor, one.environment, secrets, _served(rows), one.secrets)


def unchanged(database: Database, apps: Sequence[App]) -> list[bool]:
    """For each, whether it still stands in the database as it was read: the same secrets, the same connections."""
    rows: dict[str, list[Row[Any]]] = {one.id: [] for one in apps}
    for row in database.execute(_APPS, {"app_ids": list(rows)}):
        rows[row.id].append(row)
    standing = {app_id: (found[0].secrets, _served(found)) for app_id, found in rows.items() if found}
    return [standing.get(one.id) == (one.sealed, one.connections) for one in apps]


def _served(rows: Sequence[Row[Any]]) -> dict[str, str]:
    return {row.connection_id: row.account for row in rows if row.connection_id is not None}


def credentials(store: Store, database: Database, of: Connection) -> tuple[int, datetime | None, Credentials]:
    """(token generation, when the access token ends, the secrets) as they are now."""
    table = schema.connection
    row = database.execute(
        select(table.c.token_generation, table.c.token_expires_at, table.c.credentials).where(
            table.c.workspace_id == of.workspace_id, table.c.id == of.id
        )
    ).one()
    return (
        row.token_generation,
        row.token_expires_at,
        _open(store, database, of.workspace_id, of.id, row.credentials),
    )


def lease_refresh(work: Work, of: Connection, generation: int, seconds: float) -> int | None:
    """A fence for whoever may refresh the token now; None if another does, or has done so already."""
    table = schema.connection
    return work.connection.execute(
        update(table)
        .where(
            table.c.workspace_id == of.workspace_id,
            table.c.id == of.id,
            table.c.token_generation == generation,
            or_(table.c.refresh_lease_until.is_(None), table.c.refresh_lease_until < work.now),
        )
        .values(refresh_fence=table.c.refresh_fence + 1, refresh_lease_until=work.now + timedelta(seconds=seconds))
        .returning(table.c.refresh_fence)
    ).scalar_one_or_none()


def save_tokens(
    store: Store, work: Work, of: Connection, fence: int, texts: Mapping[str, str], expires_at: datetime
) -> bool:
    """In a commit of their own before anybody uses them. False if the lease went to another meanwhile."""
    table = schema.connection
    saved = work.connection.execute(
        update(table)
        .where(table.c.workspace_id == of.workspace_id, table.c.id == of.id, table.c.refresh_fence == fence)
        .values(
            credentials=_seal(store, work, of.id, texts),
            token_generation=table.c.token_generation + 1,
            token_expires_at=expires_at,
            refresh_lease_until=None,
        )
    )
    return saved.rowcount == 1


def connect_again(
    store: Store, work: Work, of: Connection, texts: Mapping[str, str], expires_at: datetime | None
) -> None:
    """A person brought new secrets: they count from now on, and a refresh that is still under way comes too late."""
    table = schema.connection
    work.connection.execute(
        update(table)
        .where(table.c.workspace_id == of.workspace_id, table.c.id == of.id)
        .values(
            credentials=_seal(store, work, of.id, texts),
            token_generation=table.c.token_generation + 1,
            token_expires_at=expires_at,
            refresh_fence=table.c.refresh_fence + 1,
            refresh_lease_until=None,
        )
    )
    resume(work, of.id)


def end_refresh(work: Work, of: Connection, fence: int) -> None:
    """Gives the lease back after a refresh that did not succeed."""
    table = schema.connection
    work.connection.execute(
        update(table)
        .where(table.c.workspace_id == of.workspace_id, table.c.id == of.id, table.c.refresh_fence == fence)
        .values(refresh_lease_until=None)
    )


def pause(work: Work, connection_id: str, sentence: str) -> None:
    """Nothing more is sent or fetched until a person connects again; nothing that waits is marked as failed."""
    _set(work, connection_id, state="paused", pause_sentence=sentence)


def complain(work: Work, connection_id: str, sentence: str) -> None:
    """It works on, and until the next success says what a person has to do for the rest."""
    table = schema.connection
    work.connection.execute(
        update(table)
        .where(table.c.workspace_id == work.workspace_id, table.c.id == connection_id, table.c.state == "active")
        .values(pause_sentence=sentence)
    )


def resume(work: Work, connection_id: str) -> None:
    _set(work, connection_id, state="active", pause_sentence="", not_before=None, failures=0)


def back_off(work: Work, connection_id: str, least_seconds: float, jitter: float, *, is_away: bool = False) -> None:
    """Leaves the vendor alone: at least as long as it asked for, longer with every failure in a row.

    `jitter` in 0..1 spreads those who wait for the same vendor. `is_away`: it gave no answer, or none that says why.
    """
    table = schema.connection
    vendors.hold(work, connection_id)
    failures = work.connection.execute(
        update(table)
        .where(table.c.workspace_id == work.workspace_id, table.c.id == connection_id)
        .values(failures=table.c.failures + 1, is_away=is_away)
        .returning(table.c.failures)
    ).scalar_one()
    grown = min(_BACKOFF_MAX_SECONDS, 2 ** min(failures, 10))
    seconds = max(least_seconds * (1 + jitter / 10), grown * (0.5 + jitter / 2))
    until = work.now + timedelta(seconds=seconds)
    _set(work, connection_id, not_before=until)
    if is_away and failures == AWAY_AFTER:
        _log.warning(
            "connection %s got no answer %d times in a row, and is left alone but for one question at a time",
            connection_id,
            failures,
        )
    if is_away:
        vendors.failed(work, connection_id, until)


def ask_first(work: Work, connection_id: str, until: datetime) -> None:
    """After a restore: what is to be created may have been created after the copy was made."""
    _set_moment(work, connection_id, ASK_FIRST_UNTIL, until)


def agree_to_changes(work: Work, connection_id: str, until: datetime) -> None:
    """A person has looked: however much changes there until then is meant."""
    _set_moment(work, connection_id, CHANGES_AGREED_UNTIL, until)


def keep_closed(work: Work, connection_id: str, closed_until: str) -> None:
    _set(work, connection_id, closed_until=closed_until or None, closed_read_at=work.now)


def doubt_closed(work: Work, connection_id: str) -> None:
    """Something speaks against what was read last: it counts until it is read again, which is to happen first."""
    _set(work, connection_id, closed_read_at=None)


def succeeded(work: Work, connection_id: str) -> None:
    """It answered: whatever was held against it, or against its vendor, is over."""
    table = schema.connection
    this = (table.c.workspace_id == work.workspace_id, table.c.id == connection_id)
    before = work.connection.execute(select(table.c.state, table.c.failures, table.c.pause_sentence).where(*this)).one()
    if before.state != "active" or not (before.failures or before.pause_sentence):
        return
    vendors.hold(work, connection_id)
    work.connection.execute(
        update(table)
        .where(*this, table.c.state == "active")
        .values(failures=0, not_before=None, is_away=None, pause_sentence="")
    )
    vendors.answered(work, connection_id)
    if before.failures >= AWAY_AFTER:
        _log.warning("connection %s answers again", connection_id)


def take_probe(work: Work, connection_id: str, seconds: float) -> datetime | None:
    """After a rest one asks first. Until when the connection rests for everybody else, unless an answer comes before;
    None for all but that one. Where the vendor is away, one asks for all its connections.
    """
    table = schema.connection
    until = work.now + timedelta(seconds=seconds)
    taken = work.connection.execute(
        update(table)
        .where(*vendors.who_rests(work, connection_id), table.c.not_before <= work.now)
        .values(not_before=until)
        .returning(table.c.id)
    ).scalars()
    return until if connection_id in set(taken) else None


def end_probe(work: Work, connection_id: str, until: datetime) -> None:
    """Whoever asked first had nothing to ask after all: the next one may."""
    table = schema.connection
    work.connection.execute(
        update(table)
        .where(*vendors.who_rests(work, connection_id), table.c.not_before == until)
        .values(not_before=work.now)
    )


def keep_day_left(work: Work, connection_id: str, calls: int) -> None:
    _set(work, connection_id, day_left=calls, day_left_at=work.now)


def take_permit(work: Work, connection_id: str, calls: int, per_seconds: float) -> float:
    """Counts one call into the current window. 0.0 if it may go, else the seconds until the window ends.

    Each step asks and counts in one statement, so that two workers cannot both take the last call.
    """
    table = schema.connection
    begun_by = work.now - timedelta(seconds=per_seconds)
    this = update(table).where(table.c.workspace_id == work.workspace_id, table.c.id == connection_id)
    first = this.where(or_(table.c.window_started_at.is_(None), table.c.window_started_at <= begun_by)).values(
        window_started_at=work.now, window_calls=1
    )
    another = this.where(table.c.window_started_at > begun_by, table.c.window_calls < calls).values(
        window_calls=table.c.window_calls + 1
    )
    if any(work.connection.execute(step).rowcount for step in (first, another)):
        return 0.0
    started_at: datetime = work.connection.execute(
        select(table.c.window_started_at).where(table.c.workspace_id == work.workspace_id, table.c.id == connection_id)
    ).scalar_one()
    return (started_at - begun_by).total_seconds()


@dataclass(frozen=True, slots=True)
class BookRow:
    id: str
    name: str
    base_currency: str


def books(database: Database, workspace_id: str) -> list[BookRow]:
    book = schema.book
    rows = database.execute(
        select(book.c.id, book.c.name, book.c.base_currency)
        .where(book.c.workspace_id == workspace_id)
        .order_by(book.c.name)
    )
    return [BookRow(*row) for row in rows]


def targets(database: Database, workspace_id: str, book_id: str, vendors: Sequence[str]) -> list[Connection]:
    """The connections of a book to vendors that are written to."""
    table = schema.connection
    return _select(
        database, table.c.workspace_id == workspace_id, table.c.book_id == book_id, table.c.vendor.in_(vendors)
    )


def _set_moment(work: Work, connection_id: str, option: str, until: datetime) -> None:
    table = schema.connection
    options = work.connection.execute(
        select(table.c.options).where(table.c.workspace_id == work.workspace_id, table.c.id == connection_id)
    ).scalar_one()
    _set(work, connection_id, options={**options, option: until.isoformat()})


def _set(work: Work, connection_id: str, **values: Any) -> None:
    table = schema.connection
    work.connection.execute(
        update(table).where(table.c.workspace_id == work.workspace_id, table.c.id == connection_id).values(**values)
    )


def _seal(store: Store, work: Work, row_id: str, texts: Mapping[str, str]) -> bytes:
    key_id, key = data_key(store, work, _SECRETS)
    return key_id.encode() + key.seal(json.dumps(dict(texts)).encode(), f"{work.workspace_id}/{row_id}")


def _open(store: Store, database: Database, workspace_id: str, row_id: str, sealed: bytes) -> Credentials:
    key_id, sealed = sealed[:26].decode(), sealed[26:]
    known = store.data_keys.get((workspace_id, _SECRETS))
    if known is None or known[0] != key_id:
        wrapped = database.execute(
            select(schema.data_key.c.wrapped).where(
                schema.data_key.c.workspace_id == workspace_id, schema.data_key.c.id == key_id
            )
        ).scalar_one_or_none()
        if wrapped is None:
            raise Misconfigured(f"The key that sealed the secrets of {row_id} is not in this database.")
        known = key_id, store.masters.unwrap(wrapped, f"{workspace_id}/{key_id}")
        store.data_keys[workspace_id, _SECRETS] = known
    return Credentials(json.loads(known[1].open(sealed, f"{workspace_id}/{row_id}")))
