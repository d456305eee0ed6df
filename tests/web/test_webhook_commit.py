"""When a message is answered: after one commit and nothing else, and never with 2xx where there was none."""

import json
import logging
import sqlite3

import psycopg
import pytest
import requests
from sqlalchemy import event as listening
from sqlalchemy import text

import web.webhooks
from core.errors import Misconfigured
from core.failpoint import FailpointError
from core.store import connections, inbox, schema
from worker.setup import set_webhook_secret


@pytest.fixture
def journal(doors, monkeypatch):
    """What happened, in order: units of work, their ends, the bell, and the places passed."""
    happened = []
    engine = doors.hub.store.engine
    listening.listen(engine, "commit", lambda _: happened.append("commit"))
    listening.listen(
        engine, "before_execute", lambda _c, statement, *_: statement.is_dml and happened.append("statement")
    )
    monkeypatch.setattr(web.webhooks, "failpoint", lambda place, *_: happened.append(place))
    ring = doors.hub.bell.ring
    monkeypatch.setattr(doors.hub.bell, "ring", lambda *lanes: (happened.append("bell"), ring(*lanes)))
    monkeypatch.setattr(requests.Session, "send", lambda *_, **__: pytest.fail("the door called somebody"))
    return happened


def test_nothing_but_one_commit_stands_between_a_message_and_its_answer(doors, sign, journal):
    doors.tell(sign.event("evt_0"))  # the first of a month also makes that month's key
    journal.clear()
    doors.tell(sign.event())
    assert [one for one in journal if one != "statement"] == ["P1", "P2", "P3", "P4", "commit", "P5", "P6", "bell"]
    before, _, after = " ".join(journal).partition("commit")
    assert "statement" in before
    assert "statement" not in after


def test_a_message_that_is_not_genuine_opens_no_unit_of_work(doors, sign, journal):
    doors.tell(sign.event(), "t=1,v1=00")
    assert journal == ["P1", "P2"]


@pytest.mark.parametrize("place", ["P3", "P4"])
def test_what_stops_before_the_commit_stores_nothing_and_is_no_success(doors, sign, monkeypatch, place):
    def stop(passed, *_):
        if passed == place:
            raise FailpointError(place)

    monkeypatch.setattr(web.webhooks, "failpoint", stop)
    doors.app.config["PROPAGATE_EXCEPTIONS"] = False
    assert doors.tell(sign.event()).status_code == 500
    assert doors.rows(schema.receipt) == []
    assert doors.events() == []


def test_an_error_page_tells_nothing_about_the_inside(doors, sign, monkeypatch):
    monkeypatch.setattr(inbox, "receive", lambda *_, **__: 1 / 0)
    doors.app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = doors.tell(sign.event())
    assert answer.status_code == 500
    for word in ("Zero", "Traceback", "webhooks.py", "Werkzeug", "Flask", "Python"):
        assert word not in answer.text


@pytest.fixture
def impatient(doors):
    """The hub's own connections wait for a lock no longer than a moment."""
    engine = doors.hub.store.engine
    engine.dispose()

    @listening.listens_for(engine, "connect")
    def _wait_less(connection, _record):
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA busy_timeout=10")
        else:
            connection.execute("SET lock_timeout = '10ms'")
            connection.commit()

    return doors


@pytest.fixture
def locked(impatient, database_url):
    """Another process holds what the door needs; yields the way to let it go."""
    if database_url.startswith("sqlite"):
        other = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    else:
        other = psycopg.connect(database_url)
        other.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
    yield other.rollback
    other.close()


def test_a_locked_database_is_503_and_the_message_is_stored_when_it_comes_again(impatient, locked, sign, caplog):
    body = sign.event()
    answer = impatient.tell(body)
    assert (answer.status_code, answer.data, answer.headers["Retry-After"]) == (503, b"", "5")
    assert "is locked by another process" in caplog.text
    locked()
    assert impatient.receipts() == []
    assert impatient.tell(body).status_code == 200
    assert impatient.receipts() == [body]


def test_a_full_database_is_503_and_the_message_is_stored_when_there_is_room(doors, sign, caplog):
    engine = doors.hub.store.engine
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no limit on a database's size that a test could set")
    engine.dispose()
    limits = [1, 1_000_000]

    @listening.listens_for(engine, "connect")
    def _limit(connection, _record):
        connection.execute(f"PRAGMA max_page_count={limits[0]}")  # SQLite: never less than there are

    body = sign.event(padding="x" * 200_000 + "".join(map(str, range(20_000))))
    answer = doors.tell(body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "cannot grow" in caplog.text
    assert doors.receipts() == []
    limits[0] = limits[1]
    engine.dispose()
    assert doors.tell(body).status_code == 200
    assert doors.receipts() == [body]
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_database_that_is_away_is_503_and_no_traceback(doors, sign, monkeypatch, caplog):
    doors.hub.store.engine.dispose()
    monkeypatch.setattr(doors.hub.store.engine.dialect, "connect", away(doors.hub.store.engine.dialect))
    answer = doors.tell(sign.event())
    assert (answer.status_code, answer.data, answer.headers["Retry-After"]) == (503, b"", "5")
    assert "Traceback" not in caplog.text
    assert doors.client.get("/ready").status_code == 503
    assert doors.client.get("/health").status_code == 200


def away(dialect):
    def connect(*_, **__):
        raise dialect.dbapi.OperationalError("connection refused")

    return connect


def test_secrets_that_do_not_open_are_503_and_said_in_the_log(doors, sign, caplog):
    app_id = doors.stripe.rpartition("/")[2]
    with doors.hub.store.engine.begin() as connection:
        sealed = connection.execute(text("SELECT secrets FROM app WHERE id = :id"), {"id": app_id}).scalar()
        connection.execute(
            text("UPDATE app SET secrets = :sealed WHERE id = :id"),
            {"sealed": bytes(sealed[:-1]) + bytes([sealed[-1] ^ 1]), "id": app_id},
        )
    assert doors.tell(sign.event()).status_code == 503
    assert "wrong key, or the row was changed" in caplog.text


def test_while_a_secret_is_changed_both_are_good_and_then_only_the_newer_two(doors, sign):
    def answers(*secrets):
        bodies = [sign.event(f"evt_{secret}_{len(doors.events())}") for secret in secrets]
        return [
            doors.tell(body, sign.stripe(body, secret=secret)).status_code
            for body, secret in zip(bodies, secrets, strict=True)
        ]

    first, second, third = "whsec_sandbox_now", "whsec_sandbox_second", "whsec_sandbox_third"
    set_webhook_secret(doors.hub.store, doors.workspace_id, "Stripe", second)
    assert answers(first, second, third) == [200, 200, 401]
    set_webhook_secret(doors.hub.store, doors.workspace_id, "Stripe", third)
    assert answers(first, second, third) == [401, 200, 200]


def test_a_door_without_a_secret_opens_for_nobody(doors, sign):
    app_id = doors.stripe.rpartition("/")[2]
    for secrets in ({}, {"webhook_secret": ""}, {"webhook_secret": "", "webhook_secret_previous": ""}):
        doors.hub.store.write(
            doors.workspace_id,
            lambda work, secrets=secrets: connections.set_app_secrets(doors.hub.store, work, app_id, secrets),
        )
        body = sign.event()
        assert doors.tell(body, sign.stripe(body, secret="")).status_code == 401


def test_an_empty_secret_is_refused_where_it_is_set(doors):
    with pytest.raises(Misconfigured, match="An empty key would let nobody in"):
        set_webhook_secret(doors.hub.store, doors.workspace_id, "Stripe", "")


def test_no_secret_and_no_body_stands_in_a_log(impatient, locked, sign, caplog):
    caplog.set_level(logging.DEBUG)
    impatient.tell(sign.event(canary="Zoë Canary"))
    locked()
    impatient.tell(sign.event(canary="Zoë Canary"))
    assert "was not stored" in caplog.text
    for secret in ("whsec_sandbox_now", "Canary", "Stripe-Signature"):
        assert secret not in caplog.text


def test_a_receipt_keeps_the_headers_that_prove_it_and_no_others(doors, sign):
    body = sign.event()
    doors.tell(body, **{"Authorization": "Bearer sandbox", "User-Agent": "Stripe/1.0 " + "x" * 5000})
    (kept,) = [
        row.headers if isinstance(row.headers, dict) else json.loads(row.headers) for row in doors.rows(schema.receipt)
    ]
    assert sorted(kept) == ["stripe-signature", "user-agent"]
    assert len(kept["user-agent"]) == 1000
