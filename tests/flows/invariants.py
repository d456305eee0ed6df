"""What must hold after any fault, checked outside the hub: each function gives a sentence for whatever breaks it.

The witnesses are the vendors' own logs and documents; of the hub only what it stored is read, with keys in hand.
"""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, inspect, select, text

from core.money import decimal_of
from core.store import schema
from core.store.bodies import open_bodies
from core.store.totals import totals
from demo import auditor


@dataclass(frozen=True)
class Evidence:
    """All that the invariants look at, as plain values, so that a test can doctor any of it."""

    webhooks: list[dict[str, Any]]
    """Both vendors' logs of what they delivered and what was answered."""
    calls: dict[str, list[dict[str, Any]]]
    """Each vendor's log of what the hub asked."""
    stripe: auditor.Books
    xero: auditor.Books
    remote: dict[tuple[str, str, str], str]
    """(vendor, kind, id) of what stands at the vendors to the natural key that both ends share."""
    standing: list[tuple[str, str]]
    """(kind, natural key) of all that stands at the ledger, as often as it stands there."""
    tenant: str
    receipts: set[str]
    """SHA-256 of each message that the hub keeps, unsealed."""
    totals: auditor.Totals
    open_work: dict[str, int]
    revisions: dict[str, int]
    """Record to its revision now."""
    steps: dict[str, list[tuple[str, str, str]]]
    """Record to its audited changes in order: (action, hash before, hash after)."""
    delivered: dict[tuple[str, str], list[int]]
    """(record, part) to the revisions that arrived, in the order of their arrival."""
    links: list[tuple[str, str, str, str, str]]
    """(vendor, kind, remote id, record, part)"""
    workspaces: dict[str, set[str]]
    """Table to the workspaces that have rows in it."""
    workspace: str
    bystander: str
    """Another tenant of the same database, with nothing but its set-up."""
    bystander_rows: dict[str, int]
    broken_store: list[str]


def i1_no_webhook_is_lost(seen):
    """Whatever was answered with 2xx is kept, byte for byte."""
    answered = [one for one in seen.webhooks if one["status"] is not None and 200 <= one["status"] < 300]
    return [
        f"{one['type']} was acknowledged and is not kept" for one in answered if one["body_sha256"] not in seen.receipts
    ]


def i2_nothing_is_done_twice(seen):
    """Per natural key at most one document was made at the ledger, and one stands there; no bytes took effect twice."""
    writes = [call for call in seen.calls["xero"] if call["effects"]]
    made = Counter(
        (effect["kind"], _natural(effect))
        for call in writes
        for effect in call["effects"]
        if effect["operation"] == "create"
    )
    taken = Counter((call["method"], call["path"], call["body_sha256"]) for call in writes)
    return [
        *(f"{kind} {key} was made {count} times" for (kind, key), count in made.items() if count > 1),
        *(f"{kind} {key} stands {count} times" for (kind, key), count in Counter(seen.standing).items() if count > 1),
        *(f"{method} {path} took effect {count} times" for (method, path, _), count in taken.items() if count > 1),
    ]


def i3_it_finishes(seen):
    """No work is open, whoever had begun it."""
    return [f"{count} {what}" for what, count in seen.open_work.items()]


def i4_the_cents_agree(seen):
    """Document by document at both ends, and in sum with the hub's own books."""
    problems = auditor.mismatches(seen.stripe, seen.xero)
    theirs = auditor.totals(seen.stripe)
    for key in sorted(theirs.keys() | seen.totals.keys()):
        at_stripe, in_the_hub = (side.get(key, auditor.Total()) for side in (theirs, seen.totals))
        if at_stripe != in_the_hub:
            problems.append(f"{key} is {at_stripe} at Stripe and {in_the_hub} in the hub")
    return problems


def i5_money_is_conserved(seen):
    """What is due is what was billed less what was paid or credited, at each end by its own rows, never negative."""
    problems = []
    for end, books in (("Stripe", seen.stripe), ("Xero", seen.xero)):
        settled = _settled(books)
        for one in invoices(books):
            total, due = one.amounts["invoice total"], one.amounts["invoice due"]
            if due != total - settled[one.number] or due < 0:
                problems.append(f"{end} {one.number}: total {total}, settled {settled[one.number]}, due {due}")
    return problems


def invoices(books):
    return [one for one in books.documents if one.kind == "invoice"]


def _settled(books):
    """Invoice number to what was paid on it or taken off it."""
    settled = Counter()
    for one in books.documents:
        if one.kind == "payment":
            settled[one.number.rpartition(" of ")[2]] += one.amounts["payment"]
        elif one.kind == "credit note":
            settled[one.number.rpartition("-CN-")[0]] += one.amounts["taken off the invoice"]
    return settled


def i6_nothing_goes_back(seen):
    """A record's revisions are its audited changes, each from where the last one ended, and arrive in their order."""
    problems = []
    for record, revision in seen.revisions.items():
        steps = seen.steps.get(record, [])
        if len(steps) != revision:
            problems.append(f"{record} is at revision {revision} after {len(steps)} changes")
        hashes = [before for _, before, _ in steps[1:]]
        if hashes != [after for _, _, after in steps[:-1]]:
            problems.append(f"{record} changed from what it was not")
    problems += [
        f"{record} arrived in the order {revisions}"
        for (record, _), revisions in seen.delivered.items()
        if revisions != sorted(set(revisions))
    ]
    return problems


def i7_nothing_is_orphaned(seen):
    """Nothing waits for a parent that has come, and nothing is set aside."""
    return [f"{count} {what}" for what, count in seen.open_work.items() if what.endswith(("parked", "waiting"))]


def i8_links_are_one_to_one(seen):
    """A vendor's id belongs to one record and a record has one id there; both ends of it are the same document."""
    problems = []
    ids = Counter((vendor, kind, remote) for vendor, kind, remote, _, _ in seen.links)
    places = Counter((vendor, kind, record, part) for vendor, kind, _, record, part in seen.links)
    problems += [f"{key} belongs to {count} records" for key, count in ids.items() if count > 1]
    problems += [f"{key} has {count} ids" for key, count in places.items() if count > 1]
    named = defaultdict(set)
    for vendor, kind, remote, record, _ in seen.links:
        if vendor == "xero" or kind in _KINDS_AT_BOTH_ENDS:
            named[record].add(seen.remote.get((vendor, kind, remote), f"nothing at {vendor}"))
    problems += [f"{record} stands for {sorted(keys)}" for record, keys in named.items() if len(keys) > 1]
    linked = {(vendor, kind, remote) for vendor, kind, remote, _, _ in seen.links}
    problems += [f"{key} is there without a link" for key in seen.remote if key[0] == "xero" and key not in linked]
    return problems


_KINDS_AT_BOTH_ENDS = frozenset(
    {"customer", "price", "invoice", "payment", "credit_note", "allocation", "refund", "credit_refund"}
)


def i12_tenants_are_apart(seen):
    """Every call names our tenant, every row has our workspace, and another tenant's rows are as they were set up."""
    problems = [
        f"a call to {call['path']} was made as tenant {tenant}"
        for call in seen.calls["xero"]
        if call["path"].startswith("/api.xro/") and (tenant := call["headers"].get("xero-tenant-id")) != seen.tenant
    ]
    for table, ids in seen.workspaces.items():
        if strangers := ids - {seen.workspace, seen.bystander}:
            problems.append(f"{table} has rows of {sorted(strangers)}")
        if seen.bystander in ids and table not in seen.bystander_rows:
            problems.append(f"{table} has rows of a tenant that had nothing to do")
    return problems


def i13_the_work_is_bounded(seen):
    """At most one write for each thing to write and one more for each that was lost; a bounded number of reads, of
    which each poll may add its own."""
    writes = [call for call in seen.calls["xero"] if call["method"] in {"PUT", "POST"} and "/api.xro/" in call["path"]]
    needed = sum(1 for vendor, *_ in seen.remote if vendor == "xero")
    reads = [call for vendor in seen.calls for call in seen.calls[vendor] if call["method"] == "GET"]
    problems = []
    if len(writes) > 2 * needed:
        problems.append(f"{len(writes)} writes for {needed} documents")
    count = len(invoices(seen.stripe))
    if len(reads) > (budget := 60 + 40 * count + _POLLS_PER_SECOND * _seconds(reads)):
        problems.append(f"{len(reads)} reads, more than {budget}, for {count} invoices")
    return problems


_POLLS_PER_SECOND = 1
"""A hub under test asks Stripe two questions every five seconds, and Xero seven every minute."""


def _seconds(calls):
    moments = [datetime.fromisoformat(call["at"]) for call in calls]
    return int((max(moments) - min(moments)).total_seconds()) if moments else 0


def i19_the_store_is_healthy(seen):
    """The database finds no damage in its own files, and every promise of its schema holds of the rows."""
    return seen.broken_store


ALL = (
    i1_no_webhook_is_lost,
    i2_nothing_is_done_twice,
    i3_it_finishes,
    i4_the_cents_agree,
    i5_money_is_conserved,
    i6_nothing_goes_back,
    i7_nothing_is_orphaned,
    i8_links_are_one_to_one,
    i12_tenants_are_apart,
    i13_the_work_is_bounded,
    i19_the_store_is_healthy,
)


def broken(seen):
    return [f"{check.__name__}: {problem}" for check in ALL for problem in check(seen)]


# --- gathering -------------------------------------------------------------------------------------------------------

_LOOKS_MAX = 3
_SETUP_TABLES = ("workspace", "book", "app", "connection", "rulebook", "exchange_rate", "data_key", "audit")


def once_quiet(outside, running, bystander):
    """The evidence of a hub of processes. What its poll finds between two looks has to be finished too."""
    for _ in range(_LOOKS_MAX):
        running.wait_until_quiet()
        seen = gather(outside, running, bystander)
        if not seen.open_work:
            break
    return seen


def gather(outside, hub, bystander):
    """The evidence, once the hub is quiet. `bystander` is the workspace id of another tenant there."""
    stripe, xero = outside.documents()
    remote = _remote(outside)
    with hub.store.read() as database:
        ours = {"workspace_id": hub.workspace_id}
        return Evidence(
            webhooks=outside.deliveries()[0] + [{**one, "type": "Xero's"} for one in outside.xero_deliveries()[1]],
            calls={vendor: outside.calls(vendor) for vendor in outside.line},
            stripe=stripe,
            xero=xero,
            remote=remote,
            standing=_standing(remote),
            tenant=outside.line["xero"]["tenant_id"],
            receipts=_receipts(hub, database),
            totals=_totals(database, hub.workspace_id),
            open_work=hub.open_work(),
            revisions=dict(database.execute(_select(schema.record, ours, "id", "revision")).all()),
            steps=_steps(database, ours),
            delivered=_delivered(database, ours),
            links=_links(database, hub.workspace_id),
            workspaces=_workspaces(database),
            workspace=hub.workspace_id,
            bystander=bystander,
            bystander_rows=dict.fromkeys(_SETUP_TABLES, 1),
            broken_store=_broken_store(database),
        )


def _select(table, where, *names):
    query = select(*(table.c[name] for name in names))
    return query.where(*(table.c[name] == value for name, value in where.items())).order_by(table.c.id)


def _natural(effect):
    """Xero: an allocation has no name but what it takes from and what it takes off."""
    if effect["kind"] == "allocation":
        return f"{effect['credit_id']} on {effect['invoice_id']}"
    return next((effect[name] for name in ("code", "reference", "number", "name") if effect.get(name)), effect["id"])


def _remote(outside):
    """What both ends call it by: a customer's and a price's id at Stripe, a document's number, money's charge or refund
    and what it was for."""
    return _at_stripe(outside) | _at_xero(outside)


def _at_stripe(outside):
    found = {}
    numbers = {}
    for row in outside.stripe.all("customers"):
        found["stripe", "customer", row["id"]] = row["id"]
    for row in outside.stripe.all("prices"):
        found["stripe", "price", row["id"]] = row["id"]
    for row in outside.stripe.all("invoices"):
        found["stripe", "invoice", row["id"]] = numbers[row["id"]] = row["number"]
    for row in outside.stripe.all("payment_intents"):
        found["stripe", "payment", row["id"]] = row["latest_charge"]
    for row in outside.stripe.all("refunds"):
        found["stripe", "refund", row["id"]] = row["id"]
    for row in outside.stripe.all("credit_notes"):
        found["stripe", "credit_note", row["id"]] = row["number"]
        allocated = f"{row['number']} on {numbers[row['invoice']]}"
        found["stripe", "allocation", f"{row['id']}/{row['invoice']}"] = allocated
        for one in row["refunds"]:
            found["stripe", "credit_refund", f"{row['id']}/{one['refund']}"] = f"{one['refund']} of {row['number']}"
    return found


def _at_xero(outside):
    def rows(plural):
        every = outside.xero("GET", f"{plural}?page=1&pageSize=1000")[plural]
        return [row for row in every if row.get("Status") not in {"VOIDED", "DELETED"} or plural == "Invoices"]

    found = {}
    for row in rows("Contacts"):
        if row.get("ContactNumber"):
            found["xero", "customer", row["ContactID"]] = row["ContactNumber"]
    for row in outside.xero("GET", "Items")["Items"]:
        found["xero", "price", row["Code"]] = row["Code"]
    for row in rows("Invoices"):
        found["xero", "invoice", row["InvoiceID"]] = row["InvoiceNumber"]
    for row in rows("Payments"):
        if row["PaymentType"] == "ARCREDITPAYMENT":
            paid_out = f"{row['Reference']} of {row['Invoice']['InvoiceNumber']}"
            found["xero", "credit_refund", row["PaymentID"]] = paid_out
        else:
            found["xero", "payment", row["PaymentID"]] = row["Reference"]
    for row in rows("CreditNotes"):
        found["xero", "credit_note", row["CreditNoteID"]] = row["CreditNoteNumber"]
        for one in row["Allocations"]:
            allocated = f"{row['CreditNoteNumber']} on {one['Invoice']['InvoiceNumber']}"
            found["xero", "allocation", one["AllocationID"]] = allocated
    for row in rows("BankTransactions"):
        found["xero", "refund", row["BankTransactionID"]] = row["Reference"]
    return found


def _standing(remote):
    return [(kind, key) for (vendor, kind, _), key in remote.items() if vendor == "xero"]


def _receipts(hub, database):
    bodies = [
        row.body_id for row in database.execute(_select(schema.receipt, {"workspace_id": hub.workspace_id}, "body_id"))
    ]
    kept = open_bodies(hub.store, database, hub.workspace_id, bodies)
    return {hashlib.sha256(body).hexdigest() for body in kept.values()}


def _totals(database, workspace_id):
    return {
        (kind, currency): auditor.Total(decimal_of(total.minor, currency), total.count)
        for (kind, currency), total in totals(database, workspace_id).items()
    }


def _steps(database, where):
    audit = schema.audit
    records = set(database.execute(select(schema.record.c.id)).scalars())
    steps = defaultdict(list)
    for row in database.execute(_select(audit, where, "subject", "action", "before_hash", "after_hash")):
        if row.subject in records and row.action.endswith((" created", " changed")):
            steps[row.subject].append((row.action, row.before_hash, row.after_hash))
    return dict(steps)


def _delivered(database, where):
    delivery = schema.delivery
    arrived = defaultdict(list)
    query = _select(delivery, where | {"state": "delivered"}, "record_id", "part", "revision", "settled_at")
    for row in database.execute(query.order_by(None).order_by(delivery.c.settled_at, delivery.c.revision)):
        arrived[row.record_id, row.part].append(row.revision)
    return dict(arrived)


def _links(database, workspace_id):
    link, connection = schema.link, schema.connection
    rows = database.execute(
        select(connection.c.vendor, link.c.kind, link.c.remote_id, link.c.record_id, link.c.part)
        .join(connection, connection.c.id == link.c.connection_id)
        .where(link.c.workspace_id == workspace_id)
    )
    return [tuple(row) for row in rows]


def _workspaces(database):
    return {
        table.name: set(database.execute(select(table.c.workspace_id).distinct()).scalars())
        for table in schema.metadata.sorted_tables
        if "workspace_id" in table.c
    }


def _broken_store(database):
    problems = []
    if database.dialect.name == "sqlite":
        for check in ("integrity_check", "foreign_key_check"):
            rows = database.execute(text(f"PRAGMA {check}")).all()
            problems += [f"{check}: {row}" for row in rows if tuple(row) != ("ok",)]
    else:
        # PostgreSQL: an index that lost an entry shows in a count that may not use it
        for setting in ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"):
            database.execute(text(f"SET LOCAL {setting} = off"))
    there = set(inspect(database).get_table_names())
    for table in schema.metadata.sorted_tables:
        if table.name in there:
            problems += _orphans(database, table) + _doubles(database, table)
    return problems


def _orphans(database, table):
    problems = []
    for key in table.foreign_key_constraints:
        target = key.referred_table.alias("target")
        at = [table.c[own.parent.name] == target.c[own.column.name] for own in key.elements]
        given = [table.c[name].is_not(None) for name in key.column_keys]
        missing = ~select(1).select_from(target).where(*at).exists()
        count = database.execute(select(func.count()).select_from(table).where(*given, missing)).scalar_one()
        problems += [f"{count} rows of {table.name} point nowhere by {key.column_keys}"] if count else []
    return problems


def _doubles(database, table):
    problems = []
    for columns in [list(table.primary_key.columns)] + [
        list(one.columns) for one in table.constraints if type(one).__name__ == "UniqueConstraint"
    ]:
        given = [column.is_not(None) for column in columns]
        twice = select(*columns).where(*given).group_by(*columns).having(func.count() > 1)
        problems += [f"{table.name} has {tuple(row)} twice" for row in database.execute(twice)]
    return problems
