"""Documents through the whole pipeline, from Stripe's lists to the ledger's answers, against the bare limit.

    python -m bench.pipeline [--invoices 1000] [--rounds 3] [--database sqlite] [--json]

The sandboxes run in a process of their own on the same two processors, so the hub is judged by the processor's time
that it uses itself; what the vendors use is not counted. A document is an invoice, a payment, a credit note or a
refund. The bare limit reads the same lists, parses them, makes canonical rows of them and upserts these in bulk, in
one process and one table: no records, no books, no links, no seal, nothing delivered.
"""

import hashlib
import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import requests
from sqlalchemy import Column, MetaData, Table, Text
from sqlalchemy.dialects import postgresql, sqlite

from bench.databases import database
from bench.figures import Figure, Wanted, of_rounds, show, wanted_from
from bench.mix import CREDITED_EVERY
from bench.stage import Stage
from core.store.engine import open_engine

LISTS = ("customers", "invoices", "payment_intents", "credit_notes", "refunds")
BARE = Table("bare", MetaData(), Column("id", Text, primary_key=True), Column("hash", Text), Column("body", Text))


def run(wanted: Wanted) -> Iterable[Figure]:
    for kind in wanted.databases:
        took, ratio, pulled, worked = [], [], [], []
        for _ in range(wanted.rounds):
            with Stage(kind, wanted.invoices) as stage:
                documents = documents_of(wanted.invoices)
                bare = bare_seconds(stage)
                stage.pull("xero")
                began = time.perf_counter()
                pulled.append(documents / used(lambda: stage.pull("stripe")))
                worked.append(documents / used(stage.work))
                took.append(documents / (time.perf_counter() - began))
                ratio.append(documents * (1 / pulled[-1] + 1 / worked[-1]) / bare)
        name = f"pipeline, {kind}"
        both = [2 / (1 / read + 1 / written) for read, written in zip(pulled, worked, strict=True)]
        yield of_rounds(f"{name}: documents a second of two processors", both, "a second", "at least 1,500")
        yield of_rounds(f"{name}: of them read, of one", pulled, "a second")
        yield of_rounds(f"{name}: of them delivered, of one", worked, "a second")
        yield of_rounds(f"{name}: documents a second with the sandboxes beside", took, "a second")
        yield of_rounds(f"{name}: processor time / bare limit of reading", ratio)


def documents_of(invoices: int) -> int:
    return 2 * invoices + 2 * -(-invoices // CREDITED_EVERY)


def used(what) -> float:
    """Seconds of the processor, in this process alone."""
    began = time.process_time()
    what()
    return time.process_time() - began


def bare_seconds(stage: Stage) -> float:
    with tempfile.TemporaryDirectory() as folder, database(stage.kind, Path(folder)) as url:
        engine = open_engine(url)
        BARE.create(engine)
        try:
            return used(lambda: read_barely(stage, engine))
        finally:
            engine.dispose()


def read_barely(stage: Stage, engine) -> None:
    keys = stage.sandboxes.line["stripe"]
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {keys['api_key']}"
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    upsert = dialect.insert(BARE)
    upsert = upsert.on_conflict_do_update(
        index_elements=["id"], set_={"hash": upsert.excluded.hash, "body": upsert.excluded.body}
    )
    for path in LISTS:
        params, more = {"limit": 100}, True
        while more:
            page = json.loads(session.get(f"{keys['base_url']}/v1/{path}", params=params, timeout=60).content)
            bodies = [(row["id"], json.dumps(row, sort_keys=True, separators=(",", ":"))) for row in page["data"]]
            rows = [
                {"id": ident, "hash": hashlib.sha256(body.encode()).hexdigest(), "body": body} for ident, body in bodies
            ]
            if rows:
                with engine.begin() as connection:
                    connection.execute(upsert, rows)
                params["starting_after"] = rows[-1]["id"]
            more = page["has_more"]


if __name__ == "__main__":
    asked_for = wanted_from(__doc__)
    show(run(asked_for), as_json=asked_for.as_json)
