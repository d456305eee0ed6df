"""What a drain, a sweep or an open page asks is answered from an index, however much was done before.

Read from SQLite's plans.
"""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from core.accounts import AccountRole
from core.kinds import Kind
from core.postings import Entry, PostingLine
from core.reasons import ReasonCode
from core.store import duties, inbox, ledger, links, outbox, parked, pushes, records
from core.store.inbox import Told
from core.store.observations import Observed, observe
from core.store.reading import story, waiting
from worker import credit

MANY = 50_000
NOT_SELECTIVE = {"workspace_id", "connection_id", "kind", "environment", "origin_connection_id", "reverses_id"}
"""Whoever looks by these alone looks through most of a tenant's rows: hardly an entry reverses another."""


@pytest.fixture(params=["sqlite"])
def database_url(tmp_path, sqlite_template):
    path = tmp_path / "subledger.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def busy_shop(shop):
    """Fifty thousand of each that are done, and a few that are not."""
    shop.write(lambda work: inbox.note(shop.store, work, [told(shop, "pending")], None, "webhook"))
    body = "(SELECT id FROM body LIMIT 1)"
    shop.write(lambda work: observe(shop.store, work, shop.gateway, "invoice", [seen("other")], work.now))
    at, w, gateway, to = "'2026-03-01 00:00:00'", f"'{shop.workspace_id}'", f"'{shop.gateway}'", f"'{shop.ledger}'"
    state = "CASE WHEN i % 1000 THEN '{}' ELSE 'parked' END"
    tables = {
        "record (workspace_id, id, kind, origin_connection_id, origin_id, name, revision, content_hash, created_at,"
        " changed_at)": f"{w}, id, 'invoice', {gateway}, 'in_' || i, '', 1, '', {at}, {at}",
        "link (workspace_id, id, connection_id, record_id, environment, kind, remote_id, part, version, shown_hash,"
        " sent_hash)": f"{w}, id, {gateway}, id, 'test', 'invoice', 'in_' || i, '', '', '', ''",
        'event (workspace_id, id, connection_id, "key", type, kind, remote_id, account, fingerprint, cause, state,'
        " attempts, created_at, reason_code)": f"{w}, id, {gateway}, 'evt_' || i, '', 'invoice', 'in_' || i, '', '',"
        f" '', {state.format('done')}, 1, {at}, 'refused'",
        "observation (workspace_id, id, connection_id, body_id, kind, remote_id, content_hash, version, cause, seen_at,"
        " last_seen_at)": f"{w}, id, {gateway}, {body}, 'invoice', 'in_' || i, '', '', '', {at}, {at}",
        "delivery (workspace_id, id, connection_id, record_id, kind, part, revision, state, attempts, alone, due_at,"
        " created_at, reason_code)": f"{w}, id, {to}, id, 'invoice', '', 1, {state.format('delivered')}, 0, 0, {at},"
        f" {at}, 'refused'",
        'push (workspace_id, id, connection_id, body_id, kind, method, path, content_type, "key", state, outcome,'
        " created_at)": f"{w}, id, {to}, {body}, 'invoice', '', '', '', '', 'settled', '', {at}",
        "entry (workspace_id, id, book_id, record_id, event, posted_on, rate_source, rate_on, content_hash,"
        " created_at)": f"{w}, id, '{shop.book_id}', id, 'invoice', '2026-03-01', '', '', '', {at}",
        "posting (workspace_id, entry_id, position, account, currency, amount_minor, base_currency, base_minor)":
        f"{w}, id, 0, '1200', 'EUR', 0, 'EUR', 0",
    }  # fmt: skip
    with shop.store.engine.begin() as connection:
        for table, values in tables.items():
            connection.exec_driver_sql(
                f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}),"
                " ids(i, id) AS (SELECT i, printf('%026d', i) FROM n)"
                f" INSERT INTO {table} SELECT {values} FROM ids"
            )
    return shop


def told(shop, key, content=b"{}"):
    return Told(shop.gateway, key, "type", "invoice", "in_1", "", content, None)


def seen(remote_id):
    return Observed(remote_id, b"{}", "hash", "", "pull")


RECORD = f"{1:026}"
RECORDS = [f"{number:026}" for number in range(1, 51)]
"""As many as a batch has: SQLite weighs fifty look-ups against one walk."""
IDS = [f"in_{number}" for number in range(1, 51)]
LINES = (PostingLine(AccountRole.RECEIVABLE, "EUR", 1, 1), PostingLine(AccountRole.REVENUE, "EUR", -1, -1))

ASKED = {
    "claim events": lambda shop, work: inbox.claim(work, shop.gateway, "invoice", 25),
    "file an event that was told before": lambda shop, work: inbox.note(
        shop.store, work, [told(shop, "evt_1", b"other")], None, "webhook"
    ),
    "release events": lambda shop, work: inbox.release(work, shop.gateway, [ReasonCode.REFUSED]),
    "claim deliveries": lambda shop, work: outbox.claim(work, shop.ledger, "invoice", 50),
    "owe": lambda shop, work: outbox.owe(work, shop.ledger, Kind.INVOICE, {record: (2, [""]) for record in RECORDS}),
    "wake": lambda shop, work: outbox.wake(work, shop.ledger, RECORDS),
    "owed ever": lambda shop, work: outbox.owed_ever(work, shop.ledger, RECORDS),
    "release deliveries": lambda shop, work: outbox.release(work, shop.ledger, [ReasonCode.REFUSED]),
    "open pushes": lambda shop, work: pushes.unsettled(shop.store, work, shop.ledger, "invoice"),
    "what is due": lambda _, work: duties.due(work.connection, work.now + timedelta(days=1)),
    "observe": lambda shop, work: observe(
        shop.store, work, shop.gateway, "invoice", [seen(one) for one in IDS], work.now
    ),
    "linked": lambda shop, work: links.linked(
        work.connection,
        shop.workspace_id,
        shop.gateway,
        [(Kind.CUSTOMER, "cus_1"), *((Kind.INVOICE, one) for one in IDS)],
    ),
    "remote ids": lambda shop, work: links.remote_ids(work.connection, shop.workspace_id, shop.gateway, RECORDS),
    "holders": lambda shop, work: links.holders(work, shop.gateway, Kind.INVOICE, IDS),
    "sent hashes": lambda shop, work: links.sent_hashes(work, shop.gateway, RECORDS),
    "show": lambda shop, work: links.show(work, shop.gateway, Kind.INVOICE, {"in_1": ("", "")}),
    "known": lambda _, work: records.known(work, RECORDS),
    "entomb": lambda shop, work: records.entomb(work, shop.gateway, Kind.INVOICE, "in_1"),
    "failed refunds": lambda shop, work: credit.failed_refunds(work, shop.gateway, IDS),
    "parked": lambda shop, work: parked.by_cause(work.connection, shop.workspace_id),
    "a document's story": lambda shop, work: story.of_record(work.connection, shop.workspace_id, RECORD),
    "how much waits for a person": lambda shop, work: waiting.count(work.connection, shop.workspace_id),
    "what waits for a person": lambda shop, work: waiting.groups(work.connection, shop.workspace_id),
    "post": lambda shop, work: ledger.post(
        work, shop.book_id, "EUR", {record: (None, [Entry("invoice", "2026-03-01", LINES)]) for record in RECORDS}
    ),
}


def plans(shop, ask):
    """(statement, line of its plan) of everything that `ask` executes."""
    found = []

    def explain(_connection, cursor, statement, parameters, _context, executemany):
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            explained = cursor.connection.execute(
                f"EXPLAIN QUERY PLAN {statement}", parameters[0] if executemany else parameters
            )
            found.extend((statement, line) for *_, line in explained)

    event.listen(shop.store.engine, "before_cursor_execute", explain)
    try:
        shop.write(lambda work: ask(shop, work))
    finally:
        event.remove(shop.store.engine, "before_cursor_execute", explain)
    return found


BY_RECORD = {"owe", "wake", "owed ever", "remote ids", "sent hashes", "known", "post", "failed refunds"}
"""Whoever names records is answered by these: of what is open there may be thousands, as in a first import."""


def looks_through_most(line, not_selective=frozenset(NOT_SELECTIVE)):
    """SCAN reads all rows; a SEARCH by the tenant's columns alone reads all of the tenant's."""
    scan = re.match(r"SCAN (\w+)", line)
    if scan:
        return scan[1] in {"record", "link", "event", "observation", "delivery", "push", "entry", "body", "posting"}
    terms = re.match(r"SEARCH \w+ USING .*\((.*)\)$", line)
    return bool(terms) and not set(re.findall(r"(\w+)[=<>]", terms[1])) - not_selective


def test_no_question_of_a_drain_a_sweep_or_an_open_page_looks_through_what_is_done(busy_shop):
    bad = {}
    for name, ask in ASKED.items():
        found = plans(busy_shop, ask)
        assert found, name
        not_selective = NOT_SELECTIVE | ({"state"} if name in BY_RECORD else set())
        slow = [(line, statement) for statement, line in found if looks_through_most(line, not_selective)]
        slow = [(line, statement) for line, statement in slow if not small(line)]
        if slow:
            bad[name] = slow
    assert bad == {}


def small(line):
    """Tables with a row for each connection or lane, however much is done."""
    return re.match(r"SEARCH (connection|lane|data_key|book) ", line)


def test_the_check_sees_a_question_without_an_index(busy_shop):
    def slow(_, work):
        work.connection.exec_driver_sql("SELECT count(*) FROM event WHERE done_at IS NULL").scalar_one()

    assert any(looks_through_most(line) for _, line in plans(busy_shop, slow))
    assert looks_through_most("SEARCH link USING INDEX uq_link (workspace_id=? AND connection_id=?)")
