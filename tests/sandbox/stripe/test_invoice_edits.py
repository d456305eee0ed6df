import pytest
import requests
import stripe


@pytest.fixture
def draft(api, customer):
    return api.invoices.create({"customer": customer.id, "currency": "eur"})


@pytest.fixture
def open_invoice(api, customer, draft):
    api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 10_000})
    return api.invoices.finalize_invoice(draft.id)


@pytest.fixture
def paid_beside(api, customer):
    def make(amount, **params):
        return api.payment_intents.create(
            {
                "amount": amount,
                "currency": "eur",
                "customer": customer.id,
                "payment_method": "pm_card_visa",
                "confirm": True,
                **params,
            }
        )

    return make


def test_lines_are_added_changed_and_taken_off(api, customer, draft):
    pending = api.invoice_items.create({"customer": customer.id, "currency": "eur", "amount": 300})
    lines = [{"amount": 500, "description": "Set-up"}, {"invoice_item": pending.id}]
    added = api.invoices.add_lines(draft.id, {"lines": lines, "invoice_metadata": {"hub": "1"}})
    assert (added.total, added.metadata["hub"]) == (800, "1")
    by_amount = {line.amount: line.id for line in added.lines.data}
    changed = api.invoices.update_lines(draft.id, {"lines": [{"id": by_amount[500], "amount": 600}]})
    assert changed.total == 900
    line = api.invoices.line_items.update(draft.id, by_amount[500], {"description": "Setting up"})
    assert line.description == "Setting up"
    api.invoices.remove_lines(
        draft.id,
        {
            "lines": [
                {"id": by_amount[500], "behavior": "delete"},
                {"id": by_amount[300], "behavior": "unassign"},
            ]
        },
    )
    assert api.invoices.retrieve(draft.id).lines.data == []
    assert [one.id for one in api.invoice_items.list({"pending": True}).data] == [pending.id]


def test_lines_of_an_open_invoice_stay(api, open_invoice):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.invoices.add_lines(open_invoice.id, {"lines": [{"amount": 1}]})
    assert refused.value.code == "invoice_not_editable"


def test_a_payment_made_beside_it_pays_in_part(api, open_invoice, paid_beside):
    intent = paid_beside(4000)
    after = api.invoices.attach_payment(open_invoice.id, {"payment_intent": intent.id})
    assert (after.status, after.amount_paid, after.amount_remaining) == ("open", 4000, 6000)
    default, beside = sorted(
        api.invoice_payments.list({"invoice": open_invoice.id}).data, key=lambda one: not one.is_default
    )
    assert (default.status, default.amount_requested) == ("open", 6000)
    assert (beside.status, beside.amount_paid) == ("paid", 4000)
    done = api.invoices.pay(open_invoice.id)
    assert (done.status, done.amount_paid) == ("paid", 10_000)
    assert [charge.amount for charge in api.charges.list().data] == [6000, 4000]


def test_what_is_paid_too_much_becomes_credit(api, open_invoice, paid_beside, customer, events):
    after = api.invoices.attach_payment(open_invoice.id, {"payment_intent": paid_beside(12_000).id})
    assert (after.status, after.amount_paid, after.amount_overpaid) == ("paid", 10_000, 2000)
    assert api.customers.retrieve(customer.id).balance == -2000
    (credit,) = api.customers.balance_transactions.list(customer.id).data
    assert (credit.type, credit.amount, credit.invoice) == ("invoice_overpaid", -2000, open_invoice.id)
    default = next(one for one in api.invoice_payments.list({"invoice": after.id}).data if one.is_default)
    assert default.status == "canceled"
    assert "invoice.overpaid" in [type_ for type_, _ in events()]


def test_a_payment_under_way_pays_when_it_succeeds(api, open_invoice, paid_beside):
    held = paid_beside(10_000, capture_method="manual")
    after = api.invoices.attach_payment(open_invoice.id, {"payment_intent": held.id})
    assert after.status == "open"
    api.payment_intents.capture(held.id)
    assert api.invoices.retrieve(open_invoice.id).status == "paid"


def test_a_payment_is_attached_once_and_to_its_own_customer(api, open_invoice, paid_beside, customer):
    intent = paid_beside(4000)
    api.invoices.attach_payment(open_invoice.id, {"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError, match="already"):
        api.invoices.attach_payment(open_invoice.id, {"payment_intent": intent.id})
    other = api.customers.create({})
    with pytest.raises(stripe.InvalidRequestError, match="customer"):
        api.invoices.attach_payment(open_invoice.id, {"payment_intent": paid_beside(500, customer=other.id).id})


def test_a_partly_paid_invoice_cannot_be_voided(api, open_invoice, paid_beside):
    api.invoices.attach_payment(open_invoice.id, {"payment_intent": paid_beside(4000).id})
    with pytest.raises(stripe.InvalidRequestError, match="paid in part"):
        api.invoices.void_invoice(open_invoice.id)


def test_sending_finalises_and_tells(api, customer, draft, events):
    api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 500})
    assert api.invoices.send_invoice(draft.id).status == "open"
    assert "invoice.sent" in [type_ for type_, _ in events()]


def test_small_amounts_stay_due_where_it_is_switched_so(api, base_url, customer, draft):
    requests.post(f"{base_url}/_sandbox/settings", json={"carry_small_amounts": False}, timeout=10)
    api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 30})
    invoice = api.invoices.finalize_invoice(draft.id)
    assert (invoice.status, invoice.amount_due) == ("open", 30)


def test_the_fee_of_a_won_dispute_comes_back_where_it_is_switched_so(api, base_url, paid_beside):
    requests.post(f"{base_url}/_sandbox/settings", json={"dispute_fee_returned": True}, timeout=10)
    charge = paid_beside(5000).latest_charge
    dispute = requests.post(f"{base_url}/_sandbox/disputes", json={"charge": charge}, timeout=10).json()
    won = requests.post(f"{base_url}/_sandbox/disputes", json={"id": dispute["id"], "status": "won"}, timeout=10).json()
    assert sum(moved["net"] for moved in won["balance_transactions"]) == 0
