"""What went back is held against what every system shows of it, in whichever way the ledger was told."""

import pytest
from outside import RATES

from core.kinds import Kind
from core.store import connections
from core.store.reading import comparison, control
from core.store.totals import totals

DINAR = {"currency": "kwd", "tax": "", "postage": 330}
"""It has no account: what is settled in euros is spent in euros. Its last decimal is always nought."""


@pytest.fixture
def hub(outside, open_hub):
    outside.xero("PUT", "Currencies", {"Code": "KWD"})
    return open_hub(rates=[*RATES, {"currency": "KWD", "on": "2020-01-01", "value": "2.99", "source": "test"}])


@pytest.fixture
def columns(hub):
    """By currency: what went back, as Stripe, the hub and Xero have it."""

    def read():
        with hub.store.read() as database:
            links = {one.id: one.name for one in connections.connections(database, hub.workspace_id)}
            there = comparison.sums(database, hub.workspace_id)
            ours = totals(database, hub.workspace_id)
        held = {links[key]: of for key, of in there.items()}
        currencies = {currency for of in held.values() for what, currency in of if what == "refund"}
        return {
            currency: (
                held["Stripe"].get(("refund", currency), 0),
                ours["refund", currency].minor if ("refund", currency) in ours else 0,
                held.get("Xero", {}).get(("refund", currency), 0),
            )
            for currency in currencies
        }

    return read


@pytest.fixture
def apart(hub):
    """(system, what it is, state, ours, theirs) of every document that is not equal."""

    def read():
        with hub.store.read() as database:
            links = {one.id: one for one in connections.connections(database, hub.workspace_id)}
            found = comparison.differences(database, hub.workspace_id, list(links.values()))
        return [
            (links[one.connection_id].name, one.kind, one.state, one.ours["total"], one.theirs and one.theirs["total"])
            for one in found
        ]

    return read


@pytest.fixture
def loose(hub):
    """(system, what, month) of every total that does not tie."""

    def read():
        with hub.store.read() as database:
            links = {one.id: one for one in connections.connections(database, hub.workspace_id)}
            found = control.controls(database, hub.workspace_id, list(links.values()))
        assert "refund" in {one.what for one in found}
        return {(links[one.connection_id].name, one.what, one.period) for one in found if not one.ties}

    return read


def settle(hub):
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}, hub.sentences()


def explain(outside, invoice, refund, amount):
    linked = [{"refund": refund["id"], "amount_refunded": amount}]
    return outside.stripe.create("credit_notes", invoice=invoice["id"], amount=amount, refunds=linked)


def with_a_note(outside, hub, invoice):
    explain(outside, invoice, outside.refund(invoice, 1000), 1000)


def with_two_notes(outside, hub, invoice):
    refund = outside.refund(invoice, 1000)
    explain(outside, invoice, refund, 300)
    explain(outside, invoice, refund, 700)


def without_a_note(outside, hub, invoice):
    outside.refund(invoice, 1000)


def with_a_note_that_comes_later(outside, hub, invoice):
    refund = outside.refund(invoice, 1000)
    settle(hub)
    explain(outside, invoice, refund, 1000)


def with_a_note_for_half_of_it(outside, hub, invoice):
    explain(outside, invoice, outside.refund(invoice, 1000), 400)


WAYS = [with_a_note, with_two_notes, without_a_note, with_a_note_that_comes_later, with_a_note_for_half_of_it]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("sale", [{"currency": "eur"}, DINAR], ids=["eur", "kwd"])
def test_it_is_equal_as_soon_as_it_is_written_and_after_every_poll(outside, hub, columns, apart, loose, way, sale):
    invoice = outside.sell(**sale)
    settle(hub)
    way(outside, hub, invoice)
    settle(hub)
    for _ in range(2):
        assert columns() == {sale["currency"].upper(): (1000, 1000, 1000)}
        assert [one for one in apart() if one[1] in {Kind.REFUND, Kind.CREDIT_REFUND}] == []
        hub.pull()
    assert apart() == []
    assert loose() == set()


def test_money_that_came_back_is_nothing_at_both_ends(outside, hub, columns, apart, loose):
    customer = outside.customer()
    card = outside.stripe.create("payment_methods/pm_card_refundFail/attach", customer=customer["id"])
    paid = [outside.sell({**customer, "card": card["id"]}) for _ in range(2)]
    settle(hub)
    with_a_note(outside, hub, paid[0])
    without_a_note(outside, hub, paid[1])
    settle(hub)
    assert columns() == {"EUR": (2000, 2000, 2000)}
    outside.move_clock("stripe", 61)
    list(outside.stripe.all("balance_transactions"))
    settle(hub)
    for _ in range(2):
        assert columns().get("EUR", (0, 0, 0)) == (0, 0, 0)
        assert [one for one in apart() if one[1] in {Kind.REFUND, Kind.CREDIT_REFUND}] == []
        hub.pull()


def test_what_waits_to_be_written_is_on_its_way(outside, hub, columns, apart):
    invoice = outside.sell()
    settle(hub)
    without_a_note(outside, hub, invoice)
    hub.tell_all()
    for lane in hub.lanes_due("ingest"):
        hub.drain("ingest", Kind(lane.kind), "Stripe")
    assert columns() == {"EUR": (1000, 1000, 0)}
    assert ("Xero", "refund", "on its way", 1000, None) in apart()


def test_what_somebody_deletes_in_the_ledger_is_missed(outside, hub, columns, apart, loose):
    spent, explained = outside.sell(), outside.sell()
    settle(hub)
    without_a_note(outside, hub, spent)
    with_a_note(outside, hub, explained)
    settle(hub)
    hub.pull()
    [transaction] = outside.xero("GET", "BankTransactions?page=1")["BankTransactions"]
    ident = transaction["BankTransactionID"]
    outside.xero("POST", f"BankTransactions/{ident}", {"BankTransactionID": ident, "Status": "DELETED"})
    hub.pull()
    assert columns() == {"EUR": (2000, 2000, 1000)}
    assert apart() == [("Xero", "refund", "differs", 1000, 0)]
    assert {(system, what) for system, what, _ in loose()} == {("Xero", "refund")}
    [paid_out] = [
        one for one in outside.xero("GET", "Payments?page=1")["Payments"] if one["PaymentType"] == "ARCREDITPAYMENT"
    ]
    outside.xero("POST", f"Payments/{paid_out['PaymentID']}", {"Status": "DELETED"})
    hub.pull()
    assert columns() == {"EUR": (2000, 2000, 0)}
    assert set(apart()) == {("Xero", "refund", "differs", 1000, 0), ("Xero", "credit_refund", "differs", 1000, 0)}


def test_an_explanation_that_somebody_deletes_is_missed_although_no_money_moved(outside, hub, columns, apart):
    invoice = outside.sell()
    settle(hub)
    with_a_note_that_comes_later(outside, hub, invoice)
    settle(hub)
    hub.pull()
    [paid_out] = [
        one for one in outside.xero("GET", "Payments?page=1")["Payments"] if one["PaymentType"] == "ARCREDITPAYMENT"
    ]
    outside.xero("POST", f"Payments/{paid_out['PaymentID']}", {"Status": "DELETED"})
    hub.pull()
    assert columns() == {"EUR": (1000, 1000, 1000)}
    assert apart() == [("Xero", "credit_refund", "differs", 1000, 0)]


def test_another_amount_in_the_accounts_currency_is_told_in_that_currency(outside, hub, columns, apart):
    invoice = outside.sell(**DINAR)
    settle(hub)
    without_a_note(outside, hub, invoice)
    settle(hub)
    [there] = outside.xero("GET", "BankTransactions?page=1")["BankTransactions"]
    ident, line = there["BankTransactionID"], there["LineItems"][0]
    changed = {**line, "UnitAmount": 1, "LineAmount": 1}
    outside.xero("POST", f"BankTransactions/{ident}", {"BankTransactionID": ident, "LineItems": [changed]})
    hub.pull()
    assert there["CurrencyCode"] == "EUR"
    assert apart() == [("Xero", "refund", "differs", round(there["Total"] * 100), 100)]
    assert columns() == {"KWD": (1000, 1000, 0)}
