"""Money that goes back: with a credit note, without one, and with one that comes later."""

import pytest

from connectors.stripe import composed


@pytest.fixture
def paid(outside, hub):
    """A paid invoice that has arrived, and its payment's intent."""
    invoice = outside.sell()
    (intent,) = outside.stripe.all("payment_intents")
    hub.tell_all()
    hub.work()
    return invoice, intent["id"]


def moved(outside):
    """(account, reference, amount) of what was paid out of credit notes and spent."""
    payments = outside.xero("GET", "Payments?page=1")["Payments"]
    spent = outside.xero("GET", "BankTransactions?page=1")["BankTransactions"]
    return sorted(
        [
            (one["Account"]["Code"], one["Reference"], one["Amount"])
            for one in payments
            if "CREDIT" in one["PaymentType"]
        ]
        + [(one["BankAccount"]["Code"], one["Reference"], one["Total"]) for one in spent]
    )


def refunded(outside, hub, intent, amount):
    refund = outside.stripe.create("refunds", payment_intent=intent, amount=amount)
    return refund["id"]


def explained(outside, invoice, refund, amount):
    linked = [{"refund": refund, "amount_refunded": amount}]
    outside.stripe.create("credit_notes", invoice=invoice["id"], amount=amount, refunds=linked)


def settle(hub):
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}, hub.sentences()


def test_a_refund_with_its_credit_note_leaves_the_clearing_account(outside, hub, paid):
    invoice, intent = paid
    refund = refunded(outside, hub, intent, 1000)
    explained(outside, invoice, refund, 1000)
    settle(hub)
    assert moved(outside) == [("1200", refund, 10.0)]


def test_a_refund_that_is_explained_later_is_paid_out_of_where_it_was_put(outside, hub, paid):
    invoice, intent = paid
    refund = refunded(outside, hub, intent, 1000)
    settle(hub)
    assert moved(outside) == [("1200", refund, 10.0)]
    explained(outside, invoice, refund, 1000)
    settle(hub)
    assert moved(outside) == [("1200", refund, 10.0), ("1250", refund, 10.0)]


def test_a_refund_that_is_half_explained_is_spent_whole_before_its_half_is_paid_out(outside, hub, paid):
    invoice, intent = paid
    refund = refunded(outside, hub, intent, 1000)
    explained(outside, invoice, refund, 400)
    settle(hub)
    assert moved(outside) == [("1200", refund, 10.0), ("1250", refund, 4.0)]


def test_a_refund_that_has_not_moved_the_balance_waits_for_its_next_news_and_asks_nobody(
    outside, hub, paid, monkeypatch
):
    invoice, intent = paid
    refund = refunded(outside, hub, intent, 1000)
    explained(outside, invoice, refund, 1000)

    def not_moved_yet(ask, ident):
        ((key, row),) = ask_for_all(ask, ident).items()
        return {key: {**row, "refund": {**row["refund"], "balance_transaction": None, "status": "pending"}}}

    ask_for_all = composed.refund
    with monkeypatch.context() as patched:
        patched.setattr(composed, "refund", not_moved_yet)
        hub.tell_all()
        hub.work()
    assert hub.sentences() == []
    [sentence] = hub.held()
    assert "has not moved the gateway's balance yet" in sentence
    assert moved(outside) == []

    outside.stripe.create(f"refunds/{refund}", metadata={"reason": "told again"})
    settle(hub)
    assert moved(outside) == [("1200", refund, 10.0)]


@pytest.mark.parametrize("with_credit_note", [True, False])
def test_a_refund_that_comes_back_is_taken_out_of_the_ledger_again(outside, hub, with_credit_note):
    customer = outside.customer()
    card = outside.stripe.create("payment_methods/pm_card_refundFail/attach", customer=customer["id"])
    invoice = outside.sell({**customer, "card": card["id"]})
    (intent,) = outside.stripe.all("payment_intents")
    settle(hub)
    refund = refunded(outside, hub, intent["id"], 1000)
    if with_credit_note:
        explained(outside, invoice, refund, 1000)
    settle(hub)
    assert standing(outside) == [("1200", refund, 10.0)]

    outside.move_clock("stripe", 61)
    list(outside.stripe.all("balance_transactions"))  # what is due happens at a request
    assert [one["status"] for one in outside.stripe.all("refunds")] == ["failed"]
    settle(hub)
    assert standing(outside) == []
    if with_credit_note:
        [note] = outside.xero("GET", "CreditNotes?page=1")["CreditNotes"]
        assert note["RemainingCredit"] == 10.0


def standing(outside):
    """As `moved`, without what was deleted."""
    payments = outside.xero("GET", 'Payments?where=Status=="AUTHORISED"&page=1')["Payments"]
    spent = outside.xero("GET", 'BankTransactions?where=Status=="AUTHORISED"&page=1')["BankTransactions"]
    return sorted(
        [
            (one["Account"]["Code"], one["Reference"], one["Amount"])
            for one in payments
            if "CREDIT" in one["PaymentType"]
        ]
        + [(one["BankAccount"]["Code"], one["Reference"], one["Total"]) for one in spent]
    )
