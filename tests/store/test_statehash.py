"""One hash for what a hub knows: what happened to it on the way leaves no trace, and every fact does."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from core.accounts import AccountRole
from core.entities import (
    Application,
    Customer,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LineTax,
    Payment,
    Price,
    Product,
    TaxRate,
)
from core.kinds import Kind
from core.postings import Entry, PostingLine, Rate
from core.store import ledger, links, outbox, people, records, schema
from core.store.links import Link
from core.store.statehash import state_hash

AT = datetime(2026, 3, 1, tzinfo=UTC)
NEEDED_FIRST = [{Kind.CUSTOMER, Kind.PRODUCT, Kind.TAX_RATE}, {Kind.PRICE}, {Kind.INVOICE}, {Kind.PAYMENT}]


def business(id_of):
    """Two of each kind by their ids at the gateway; `id_of` gives ours."""
    return {
        (kind, number): entity
        for number in (1, 2)
        for kind, entity in {
            Kind.CUSTOMER: Customer(f"Ada {number}"),
            Kind.PRODUCT: Product(f"Plan {number}"),
            Kind.TAX_RATE: TaxRate("VAT", Decimal(19), inclusive=False),
            Kind.PRICE: Price(id_of(Kind.PRODUCT, number), "EUR", Decimal("9.99"), "exclusive"),
            Kind.INVOICE: Invoice(
                id_of(Kind.CUSTOMER, number),
                InvoiceStatus.OPEN,
                "EUR",
                f"RE-{number}",
                AT,
                None,
                (
                    InvoiceLine(
                        "Plan",
                        Decimal(1),
                        100,
                        (LineTax(id_of(Kind.TAX_RATE, number), 100, 19, inclusive=False),),
                        price=id_of(Kind.PRICE, number),
                    ),
                ),
                119,
                19,
                119,
            ),
            Kind.PAYMENT: Payment(
                id_of(Kind.CUSTOMER, number),
                "EUR",
                119,
                True,
                AT,
                (Application(id_of(Kind.INVOICE, number), 119),),
                "EUR",
                119,
            ),
        }.items()
    }


def tell(shop, seed=0):
    """The same business, in another order, with detours, repeats and pauses for every seed."""
    chance = random.Random(seed)
    ids = {}
    for kind in chance.sample(list(Kind), len(Kind)):
        for number in chance.sample((1, 2), 2):
            ids[kind, number] = shop.store.new_id()
    entities = business(lambda kind, number: ids[kind, number])
    told = [(key, ids[key], entity) for key, entity in entities.items()]
    for kinds in NEEDED_FIRST:
        now = [one for one in told if one[0][0] in kinds]
        for (kind, number), record_id, entity in chance.sample(now, len(now)):
            shop.clock.sleep(chance.randrange(100))
            there = {record_id: f"{kind}_{number}"}
            if kind is Kind.PRODUCT and chance.random() < 0.5:
                shop.save(kind, {record_id: Product("as it was first")}, origin_ids=there)
            for _ in range(chance.randrange(1, 3)):
                shop.save(kind, {record_id: entity}, origin_ids=there)
    for number in chance.sample((1, 2), 2):
        invoice, customer = ids[Kind.INVOICE, number], ids[Kind.CUSTOMER, number]
        for _ in range(chance.randrange(1, 3)):
            if chance.random() < 0.5:
                post(shop, invoice, customer, 55)
            post(shop, invoice, customer, 119)
        there = Link(invoice, "", f"RE-{number} there", f"v{chance.random()}", str(chance.random()), "")
        shop.do(links.add, shop.ledger, "test", Kind.INVOICE, [there])
    for number in chance.sample((1, 2), 2):
        shop.do(outbox.owe, shop.ledger, Kind.PAYMENT, {ids[Kind.PAYMENT, number]: (1, [ids[Kind.INVOICE, number]])})
    return ids


def post(shop, record_id, customer_id, minor):
    lines = (
        PostingLine(AccountRole.RECEIVABLE, "EUR", minor, minor),
        PostingLine(AccountRole.REVENUE, "EUR", -minor, -minor, 0),
    )
    entry = Entry("invoice", "2026-03-01", lines, Rate(Decimal("0.9"), "ecb", "2026-03-01"))
    shop.do(ledger.post, shop.book_id, "EUR", {record_id: (customer_id, [entry])})


def hash_now(shop):
    with shop.store.read() as database:
        return state_hash(shop.store, database, shop.workspace_id)


@pytest.mark.parametrize("seed", range(1, 6))
def test_two_hubs_that_know_the_same_have_the_same_hash_however_they_came_to_know_it(shop, other, seed):
    tell(shop)
    shop.clock.sleep(7 * 86400)
    tell(other, seed)
    assert hash_now(shop) == hash_now(other)


def test_the_same_hub_asked_again_has_the_same_hash(shop):
    tell(shop)
    assert hash_now(shop) == hash_now(shop)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("record", "revision"),
        ("record", "content_hash"),
        ("record", "changed_at"),
        ("link", "version"),
        ("link", "shown_hash"),
        ("link", "sent_hash"),
        ("delivery", "attempts"),
        ("delivery", "due_at"),
        ("delivery", "created_at"),
        ("entry", "created_at"),
        ("connection", "failures"),
        ("connection", "token_generation"),
    ],
)
def test_how_it_went_is_not_part_of_what_is_known(shop, table, column):
    tell(shop)
    before = hash_now(shop)
    change(shop, table, column)
    assert hash_now(shop) == before


FACTS = [
    ("record", "origin_id"),
    ("record", "removed_at"),
    ("customer", "sealed"),
    ("product", "name"),
    ("product", "active"),
    ("tax_rate", "percentage"),
    ("price", "unit_amount"),
    ("price", "currency"),
    ("invoice", "status"),
    ("invoice", "number"),
    ("invoice", "issued_at"),
    ("invoice", "due_minor"),
    ("invoice_line", "net_minor"),
    ("invoice_line", "quantity"),
    ("invoice_line_tax", "amount_minor"),
    ("payment", "amount_minor"),
    ("payment", "succeeded"),
    ("payment_application", "amount_minor"),
    ("link", "remote_id"),
    ("link", "environment"),
    ("link", "removed_at"),
    ("entry", "posted_on"),
    ("entry", "event"),
    ("entry", "rate"),
    ("posting", "amount_minor"),
    ("posting", "base_minor"),
    ("posting", "account"),
    ("delivery", "state"),
    ("delivery", "reason_code"),
    ("connection", "account"),
]


@pytest.mark.parametrize(("table", "column"), FACTS)
def test_every_fact_is_part_of_what_is_known(shop, table, column):
    ids = tell(shop)
    before = hash_now(shop)
    if (table, column) == ("customer", "sealed"):
        shop.do(people.forget, ids[Kind.CUSTOMER, 1])
    else:
        change(shop, table, column)
    assert hash_now(shop) != before


def change(shop, table, column):
    """Another value in one row."""
    table = schema.metadata.tables[table]
    rows = shop.all(table)
    old = getattr(rows[0], column)
    new = other_value(table, column, old)
    where = [key == getattr(rows[0], key.name) for key in table.primary_key.columns]
    shop.write(lambda work: work.connection.execute(update(table).where(*where).values({column: new})))


def other_value(table, column, old):
    special = {"status": "paid", "account": "4999", "currency": "USD", "posted_on": "2026-03-09", "state": "parked"}
    if (table.name, column) == ("posting", "account"):
        return AccountRole.SUSPENSE.value
    match old:
        case _ if column in special:
            return special[column]
        case bool():
            return not old
        case int() | Decimal():
            return old + 1
        case datetime():
            return old + timedelta(days=1)
        case str():
            return old + "x"
    return AT if column.endswith("_at") else "x"


def test_a_tombstone_and_a_merge_are_facts(shop, other):
    mine, theirs = tell(shop), tell(other)
    survivors = [shop.do(records.entomb, shop.gateway, Kind.CUSTOMER, "customer_1") for _ in range(2)]
    assert survivors == [True, True]
    assert hash_now(shop) != hash_now(other)
    other.do(records.entomb, other.gateway, Kind.CUSTOMER, "customer_1")
    assert hash_now(shop) == hash_now(other)
    record = schema.record
    for one, ids in ((shop, mine), (other, theirs)):
        merge = update(record).where(record.c.id == ids[Kind.CUSTOMER, 1]).values(merged_into_id=ids[Kind.CUSTOMER, 2])
        before = hash_now(one)
        one.write(lambda work, merge=merge: work.connection.execute(merge))
        assert hash_now(one) != before
    assert hash_now(shop) == hash_now(other)
