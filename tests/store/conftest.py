"""A workspace with a book, a gateway and a ledger, on each kind of database, under a clock that a test moves."""

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, select, text

from core.clock import ManualClock
from core.ids import Ids
from core.kinds import Kind
from core.seal import MasterKeys
from core.store import connections, links, records, schema
from core.store.engine import open_engine
from core.store.links import Link
from core.store.records import Version
from core.store.work import Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def add_workspace(store, name):
    """(workspace, book, gateway, ledger)"""
    workspace_id = store.new_id()

    def make(work):
        work.connection.execute(insert(schema.workspace).values(id=workspace_id, name=name, created_at=work.now))
        book_id = work.new_id()
        work.connection.execute(
            insert(schema.book).values(
                workspace_id=workspace_id,
                id=book_id,
                name="main",
                base_currency="EUR",
                time_zone="Europe/Berlin",
                country="DE",
                fiscal_year_start="01-01",
            )
        )
        made = []
        for vendor in ("stripe", "xero"):
            app_id = connections.add_app(
                store,
                work,
                vendor=vendor,
                environment="test",
                name=vendor,
                secrets={"webhook_secret": "whsec_sandbox_1"},
            )
            made.append(
                connections.add_connection(
                    store,
                    work,
                    book_id=book_id,
                    app_id=app_id,
                    vendor=vendor,
                    environment="test",
                    name=vendor,
                    base_url="http://127.0.0.1:1",
                    identity_url="",
                    account=f"{vendor} account",
                    credentials={"access_token": "sandbox-access", "refresh_token": "sandbox-refresh"},
                    token_expires_at=None,
                    options={},
                )
            )
        return book_id, *made

    return workspace_id, *store.write(workspace_id, make)


@dataclass
class Shop:
    store: Store
    clock: ManualClock
    workspace_id: str
    book_id: str
    gateway: str
    ledger: str

    def write(self, work):
        return self.store.write(self.workspace_id, work)

    def do(self, what, *arguments, **named):
        """One unit of work that does one thing."""
        return self.write(lambda work: what(work, *arguments, **named))

    def rows(self, query):
        with self.store.read() as database:
            return database.execute(query).all()

    def all(self, table):
        return self.rows(select(table).order_by(*table.primary_key.columns))

    def save(self, kind, entities, cause="event", origin_ids=None):
        """Entities by record id, as if their origin had shown them; their links there are made with them."""
        there = origin_ids or {record_id: f"{kind}-{record_id}" for record_id in entities}

        def saved(work):
            known = records.known(work, entities)
            versions = {
                record_id: Version(there[record_id], f"{kind} {record_id[-4:]}", hash_of(entity), entity, cause)
                for record_id, entity in entities.items()
            }
            revisions = records.save(
                self.store, work, kind, origin_connection_id=self.gateway, book_id=self.book_id, versions=versions
            )
            fresh = [Link(id_, "", there[id_], "", "") for id_ in entities if id_ not in known]
            links.add(work, self.gateway, "test", kind, fresh)
            return revisions

        return self.write(saved)


def hash_of(entity):
    from core.canonical import digest

    return digest(entity)


@pytest.fixture(scope="session")
def one_postgresql_url(postgresql_cluster):
    """One database for all tests of the store: emptying it takes a tenth of the time of making another."""
    cluster, admin = postgresql_cluster
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE store TEMPLATE template_hub"))
    return cluster.url("store")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """An empty database at this version's schema, once on each kind of server."""
    if request.param == "sqlite":
        path = tmp_path / "subledger.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url = request.getfixturevalue("one_postgresql_url")
    engine = open_engine(url)
    with engine.begin() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(delete(table))
    engine.dispose()
    return url


@pytest.fixture
def clock():
    return ManualClock(NOON)


@pytest.fixture
def store(database_url, clock):
    engine = open_engine(database_url)
    yield Store(engine, MasterKeys([os.urandom(32)]), clock, Ids(clock))
    engine.dispose()


@pytest.fixture
def shop(store, clock):
    return Shop(store, clock, *add_workspace(store, "one"))


@pytest.fixture
def other(store, clock):
    """Another tenant of the same database."""
    return Shop(store, clock, *add_workspace(store, "other"))


@pytest.fixture
def customer_id(shop):
    from core.entities import Customer

    record_id = shop.store.new_id()
    shop.save(Kind.CUSTOMER, {record_id: Customer("Ada Muster")})
    return record_id
