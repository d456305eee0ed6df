"""How long the hub's units of work hold SQLite's write lock: from BEGIN IMMEDIATE to the end of its COMMIT.

    python -m bench.unit_of_work [--invoices 1000] [--json]

Every unit of work of a first import and its delivery is measured, as it happens. What counts is the time at work on
the processor: beside it stands the time by the wall, which holds the disk's and whatever else the machine does.

    python -m bench.unit_of_work parts [ROUNDS]

takes the steps of an invoice's way one by one, each ROUNDS times (20 if it is not said), and says how many statements
it takes. A bare commit of one row is measured in between, so that figures of different machines can be compared.
"""

import inspect
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from sqlalchemy import event, insert, text

from bench.figures import Figure, Wanted, show, wanted_from
from bench.stage import Stage
from core.accounts import AccountRole
from core.canonical import canonical_json, digest
from core.clock import WallClock
from core.entities import Customer, Invoice, InvoiceLine, InvoiceStatus
from core.ids import Ids
from core.kinds import Kind
from core.postings import Entry, PostingLine
from core.seal import MasterKeys
from core.store import audit, bodies, connections, inbox, ledger, links, outbox, pushes, records, schema
from core.store.engine import open_engine
from core.store.inbox import Told
from core.store.links import Link
from core.store.migrate import upgrade
from core.store.observations import Observed, observe
from core.store.records import Version
from core.store.work import Store, Work

TARGET_MS = 50
PAGE, BATCH, HINTS = 100, 50, 25
ISSUED = datetime(2026, 3, 1, tzinfo=UTC)


class Meter:
    """Counts what each transaction executes and how long it holds the lock: from BEGIN IMMEDIATE to its COMMIT."""

    def __init__(self, store: Store, workspace_id: str) -> None:
        self.store = store
        self.workspace_id = workspace_id
        self.statements = 0
        event.listen(store.engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self.statements += 1

    def __call__(self, work: Callable[[Work], object]) -> tuple[float, float, int]:
        """(milliseconds, of them at work on the processor, statements)"""
        self.statements = 0
        began, worked = time.perf_counter(), time.process_time()
        self.store.write(self.workspace_id, work)
        return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000, self.statements


class Shop:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.workspace_id, self.book_id = store.new_id(), store.new_id()
        self.customer_id = store.new_id()
        self.gateway = self.ledger = ""
        store.write(self.workspace_id, self._make)

    def _make(self, work: Work) -> None:
        own = {"workspace_id": self.workspace_id}
        work.connection.execute(insert(schema.workspace).values(id=self.workspace_id, name="x", created_at=work.now))
        book = {"base_currency": "EUR", "time_zone": "UTC", "country": "DE", "fiscal_year_start": "01-01"}
        work.connection.execute(insert(schema.book).values(own | book | {"id": self.book_id, "name": "x"}))
        self.gateway, self.ledger = (
            connections.add_connection(
                self.store, work, book_id=self.book_id, app_id=None, vendor=vendor, environment="test", name=vendor,
                base_url="", identity_url="", account=vendor, credentials={}, token_expires_at=None, options={},
            )
            for vendor in ("stripe", "xero")
        )  # fmt: skip
        self.save(work, Kind.CUSTOMER, {self.customer_id: Customer("Ada")})

    def save(self, work: Work, kind: Kind, entities: dict) -> None:
        """What absorbing a page of rows writes."""
        rows = {id_: canonical_json(entity) for id_, entity in entities.items()}
        prints = {id_: bodies.fingerprint(self.store, work, row) for id_, row in rows.items()}
        seen = [Observed(id_, row, prints[id_], "", "pull") for id_, row in rows.items()]
        observe(self.store, work, self.gateway, kind, seen, work.now)
        known = links.linked(work.connection, self.workspace_id, self.gateway, [(kind, id_) for id_ in entities])
        revisions = records.save(
            self.store, work, kind, origin_connection_id=self.gateway, book_id=self.book_id,
            versions={id_: Version(id_, id_, prints[id_], entity, "pull") for id_, entity in entities.items()},
        )  # fmt: skip
        fresh = [Link(id_, "", id_, "", prints[id_]) for id_ in entities if (kind, id_) not in known]
        links.add(work, self.gateway, "test", kind, fresh)
        links.show(work, self.gateway, kind, {id_: ("", prints[id_]) for _, id_ in known})
        entries = {
            id_: (self.customer_id, [entry(entity.total_minor)])
            for id_, entity in entities.items()
            if isinstance(entity, Invoice)
        }
        ledger.post(work, self.book_id, "EUR", entries)
        if revisions:
            outbox.owe(work, self.ledger, kind, {id_: (revision, [""]) for id_, revision in revisions.items()})

    def invoices(self, ids: list[str], minor: int) -> dict[str, Invoice]:
        line = InvoiceLine("Plan", Decimal(1), minor)
        return {
            id_: Invoice(
                self.customer_id, InvoiceStatus.OPEN, "EUR", id_, ISSUED, None, (line, line), 2 * minor, 0, 2 * minor
            )
            for id_ in ids
        }


def entry(minor: int) -> Entry:
    lines = (
        PostingLine(AccountRole.RECEIVABLE, "EUR", minor, minor),
        PostingLine(AccountRole.REVENUE, "EUR", -minor, -minor, 0),
    )
    return Entry("invoice", "2026-03-01", lines)


def one_round(shop: Shop, number: int) -> Iterator[tuple[str, Callable[[Work], object]]]:
    """(what it is, the unit of work), in the order of an invoice's way."""
    store = shop.store
    yield (
        "a bare commit of one row",
        lambda work: work.connection.execute(text("UPDATE workspace SET name = :name"), {"name": str(number)}),
    )
    told = [
        Told(shop.gateway, f"evt {number} {n}", "paid", "invoice", f"in {n}", "", b"{}" * 500, None)
        for n in range(HINTS)
    ]
    yield "file one webhook event", lambda work: inbox.note(store, work, told[:1], None, "webhook")
    yield "file 25 events, one of them again", lambda work: inbox.note(store, work, told, None, "webhook")
    yield "claim 25 objects", lambda work: inbox.claim(work, shop.gateway, "invoice", HINTS)
    ids = [store.new_id() for _ in range(PAGE)]
    for name, minor in (("new", 1000), ("unchanged", 1000), ("changed", 900)):
        page = shop.invoices(ids, minor)
        yield f"keep 100 {name} invoices", lambda work, page=page: shop.save(work, Kind.INVOICE, page)
    owed: list[outbox.Owed] = []
    store.write(
        shop.workspace_id, lambda work: work.connection.execute(text("UPDATE delivery SET due_at = created_at"))
    )
    yield "claim 50 deliveries", lambda work: owed.extend(outbox.claim(work, shop.ledger, "invoice", BATCH))
    made: list[pushes.Push] = []
    yield "prepare a push of 50", lambda work: made.append(
        pushes.prepare(
            store, work, shop.ledger, Kind.INVOICE, method="PUT", path="/", content_type="", key="", body=b"x" * 50_000,
            members=owed,
        )
    )  # fmt: skip
    yield "settle a push of 50", lambda work: settle(shop, work, made[0])


def settle(shop: Shop, work: Work, push: pushes.Push) -> None:
    """What settling an answer writes where all was stored as it was sent."""
    rows = {owed.record_id: canonical_json({"id": owed.record_id, "text": "x" * 1000}) for owed in push.members}
    prints = {id_: bodies.fingerprint(shop.store, work, row) for id_, row in rows.items()}
    links.holders(work, shop.ledger, Kind.INVOICE, rows)
    seen = [Observed(id_, row, prints[id_], "", "push") for id_, row in rows.items()]
    observe(shop.store, work, shop.ledger, Kind.INVOICE, seen, work.now)
    links.add(
        work, shop.ledger, "test", Kind.INVOICE, [Link(id_, "", id_, "", prints[id_], digest(id_)) for id_ in rows]
    )
    audit.note(work, [audit.Deed("invoice written", id_, push.id) for id_ in rows])
    outbox.settle(work, [owed.id for owed in push.members])
    outbox.wake(work, shop.ledger, rows)
    pushes.close(shop.store, work, push.id, "answered", b"x" * 50_000)


class MeasuredStore(Store):
    """Notes of each unit of work how long it held the lock, in milliseconds: (by the wall, on the processor)."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)
        self.held: dict[str, list[tuple[float, float]]] = {}

    def write(self, workspace_id: str, work: Callable[[Work], object]) -> object:
        began = (0.0, 0.0)

        def timed(unit: Work) -> object:
            nonlocal began
            began = time.perf_counter(), time.process_time()
            return work(unit)

        result = super().write(workspace_id, timed)
        held = (time.perf_counter() - began[0]) * 1000, (time.process_time() - began[1]) * 1000
        self.held.setdefault(name_of(work), []).append(held)
        return result


def name_of(work: Callable[[Work], object]) -> str:
    """The function that a lane's fence, or a partial, is wrapped around; of rows that are absorbed, their kind too."""
    kind = ""
    while True:
        if isinstance(work, partial):
            kind = next((f" {one[0].kind}" for one in work.args if isinstance(one, list) and one), "")
            work = work.func
        elif work.__name__ == "fenced":
            work = inspect.getclosurevars(work).nonlocals["what"]
        else:
            return work.__qualname__.replace(".<locals>", "") + kind


def run(wanted: Wanted) -> Iterable[Figure]:
    with Stage("sqlite", wanted.invoices, store_type=MeasuredStore) as stage:
        stage.pull("xero")
        stage.pull("stripe")
        stage.work()
        measured = stage.hub.store.held
    # the first of each sort compiles its statements, once in the life of a process
    warm = {name: held[1:] for name, held in measured.items() if len(held) > 1}
    processor = [ms for held in warm.values() for _, ms in held]
    wall = sorted(ms for held in warm.values() for ms, _ in held)
    name = "unit of work, sqlite"
    yield Figure(f"{name}: the longest on the processor", max(processor), "ms", f"at most {TARGET_MS} ms")
    yield Figure(
        f"{name}: the longest that compiles its statements",
        max(ms for held in measured.values() for _, ms in held[:1]),
        "ms",
    )
    yield Figure(f"{name}: one in a hundred by the wall", wall[len(wall) * 99 // 100], "ms")
    yield Figure(f"{name}: the median by the wall", statistics.median(wall), "ms")
    longest = {sort: max(ms for _, ms in held) for sort, held in warm.items()}
    for sort in sorted(longest, key=longest.__getitem__)[-3:]:
        yield Figure(f"{name}: {sort}", longest[sort], "ms")


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="subledger-bench-") as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(engine)
        clock = WallClock()
        shop = Shop(Store(engine, MasterKeys([bytes(32)]), clock, Ids(clock)))
        meter = Meter(shop.store, shop.workspace_id)
        found: dict[str, list[tuple[float, float, int]]] = {}
        began = clock.now()
        for number in range(rounds):
            for name, work in one_round(shop, number):
                found.setdefault(name, []).append(meter(work))
        engine.dispose()
    bare = statistics.median(ms for ms, _, _ in found["a bare commit of one row"])
    print(f"{rounds} rounds in {(clock.now() - began) / timedelta(seconds=1):.1f} s; target {TARGET_MS} ms")
    print(f"{'unit of work':36}{'statements':>11}{'median ms':>11}{'processor':>11}{'worst ms':>10}{'x bare':>8}")
    for name, measured in found.items():
        median = statistics.median(ms for ms, _, _ in measured)
        processor = statistics.median(ms for _, ms, _ in measured)
        worst = max(ms for ms, _, _ in measured)
        statements = max(count for _, _, count in measured)
        print(f"{name:36}{statements:11}{median:11.2f}{processor:11.2f}{worst:10.2f}{median / bare:8.1f}")


if __name__ == "__main__":
    if "parts" in sys.argv[1:2]:
        main(int(sys.argv[2]) if len(sys.argv) > 2 else 20)
    else:
        asked_for = wanted_from(__doc__)
        show(run(asked_for), as_json=asked_for.as_json)
