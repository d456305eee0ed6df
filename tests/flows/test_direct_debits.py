"""A direct debit is under way for days: nothing is written as paid before the money is there."""

from core.store import schema

DELAY_SECONDS = 180


def debited(outside, account):
    """An invoice that is being paid from the bank account of this name."""
    customer = outside.customer()
    method = outside.stripe.create(f"payment_methods/{account}/attach", customer=customer["id"])["id"]
    invoice = outside.invoice(customer)
    return outside.stripe.create(f"invoices/{invoice['id']}/pay", payment_method=method)


def pass_by(outside, seconds):
    """Time at Stripe, and what is due by then happens."""
    outside.move_clock("stripe", seconds)
    list(outside.stripe.all("customers"))


def at_xero(outside):
    (invoice,) = outside.xero("GET", "Invoices?page=1")["Invoices"]
    return invoice["Status"], invoice["AmountDue"] == 0, len(outside.xero("GET", "Payments")["Payments"])


def test_a_debit_is_written_when_its_money_arrives_and_not_before(hub, outside):
    invoice = debited(outside, "pm_successDelayed_de")
    assert invoice["status"] == "open"
    hub.pull()
    assert hub.open_work() == {}, hub.sentences()
    assert at_xero(outside) == ("AUTHORISED", False, 0)
    pass_by(outside, DELAY_SECONDS)
    hub.pull()
    assert hub.open_work() == {}, hub.sentences()
    assert at_xero(outside) == ("PAID", True, 1)
    assert outside.agree()
    table = schema.balance_transaction
    assert [tuple(row) for row in hub.rows(table, table.c.type, table.c.fee_minor)] == [("payment", 35)]


def test_a_debit_that_the_bank_refuses_leaves_its_invoice_due_until_it_is_paid_another_way(hub, outside):
    invoice = debited(outside, "pm_failedDelayed_de")
    hub.pull()
    pass_by(outside, DELAY_SECONDS)
    hub.pull()
    assert hub.open_work() == {}, hub.sentences()
    assert at_xero(outside) == ("AUTHORISED", False, 0)
    outside.pay(invoice)
    hub.pull()
    assert hub.open_work() == {}, hub.sentences()
    assert at_xero(outside) == ("PAID", True, 1)
    assert outside.agree()


def test_a_refund_of_a_debit_is_written_when_it_has_gone_through(hub, outside):
    invoice = debited(outside, "pm_success_de")
    hub.pull()
    refund = outside.refund(invoice, 400)
    assert refund["status"] == "pending"
    hub.pull()
    assert hub.open_work() == {}, hub.sentences()
    pass_by(outside, 8 * 86_400)
    hub.pull()
    assert hub.open_work() == {}, hub.sentences()
    assert outside.agree()
