import pytest
import stripe


@pytest.fixture
def vat(api):
    return api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})


@pytest.fixture
def billed(api, customer, vat):
    """An open invoice of one line: 3 at 33.33 plus 19 % VAT, 118.99 in all."""

    def make(**params):
        invoice = api.invoices.create({"customer": customer.id, "currency": "eur", **params})
        api.invoice_items.create(
            {
                "customer": customer.id,
                "invoice": invoice.id,
                "unit_amount_decimal": "3333",
                "quantity": 3,
                "tax_rates": [vat.id],
            }
        )
        return api.invoices.finalize_invoice(invoice.id)

    return make


def line_of(invoice, **params):
    return {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, **params}


def test_before_payment_it_lowers_what_is_due(api, billed, events):
    invoice = billed()
    note = api.credit_notes.create({"invoice": invoice.id, "lines": [line_of(invoice, quantity=1)]})
    assert (note.type, note.total, note.subtotal, note.total_taxes[0].amount) == (
        "pre_payment",
        3966,
        3333,
        633,
    )
    assert (note.pre_payment_amount, note.post_payment_amount) == (3966, 0)
    assert note.number == f"{invoice.number}-CN-01"
    after = api.invoices.retrieve(invoice.id)
    assert (after.total, after.amount_due, after.amount_remaining) == (11_899, 7933, 7933)
    assert after.pre_payment_credit_notes_amount == 3966
    assert api.invoices.pay(invoice.id).amount_paid == 7933
    assert "credit_note.created" in [type_ for type_, _ in events()]


def test_all_of_it_before_payment_means_paid(api, billed):
    invoice = billed()
    api.credit_notes.create({"invoice": invoice.id, "lines": [line_of(invoice, quantity=3)]})
    after = api.invoices.retrieve(invoice.id)
    assert (after.status, after.amount_due, after.amount_paid) == ("paid", 0, 0)
    assert api.charges.list().data == []


def test_parts_of_a_line_add_up_to_the_whole(api, billed):
    invoice = billed()
    notes = [
        api.credit_notes.create({"invoice": invoice.id, "lines": [line_of(invoice, quantity=1)]}) for _ in range(3)
    ]
    assert sum(note.total for note in notes) == invoice.total
    assert sum(note.total_taxes[0].amount for note in notes) == invoice.total_taxes[0].amount


def test_no_more_of_a_line_is_credited_than_was_invoiced(api, customer):
    draft = api.invoices.create({"customer": customer.id, "currency": "eur"})
    for amount in (1000, 9000):
        api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": amount})
    invoice = api.invoices.finalize_invoice(draft.id)
    small = next(line for line in invoice.lines.data if line.amount == 1000)
    credit = {"type": "invoice_line_item", "invoice_line_item": small.id}
    api.credit_notes.create({"invoice": invoice.id, "lines": [{**credit, "amount": 600}]})
    with pytest.raises(stripe.InvalidRequestError, match="would exceed what it was invoiced for"):
        api.credit_notes.create({"invoice": invoice.id, "lines": [{**credit, "amount": 401}]})
    api.credit_notes.create({"invoice": invoice.id, "lines": [{**credit, "amount": 400}]})


def test_a_refund_of_something_else_cannot_be_linked(api, billed):
    first, second = api.invoices.pay(billed().id), api.invoices.pay(billed().id)
    other = api.refunds.create({"charge": api.charges.list({"limit": 1}).data[0].id, "amount": 500})
    with pytest.raises(stripe.InvalidRequestError, match="does not belong to this invoice"):
        api.credit_notes.create({"invoice": first.id, "amount": 500, "refunds": [{"refund": other.id}]})
    assert api.credit_notes.create({"invoice": second.id, "amount": 500, "refunds": [{"refund": other.id}]}).id


def test_after_payment_it_refunds(api, billed):
    invoice = api.invoices.pay(billed().id)
    note = api.credit_notes.create(
        {"invoice": invoice.id, "lines": [line_of(invoice, quantity=1)], "refund_amount": 3966}
    )
    assert (note.type, note.post_payment_amount, note.pre_payment_amount) == ("post_payment", 3966, 0)
    (link,) = note.refunds
    refund = api.refunds.retrieve(link.refund)
    assert (refund.amount, link.amount_refunded) == (3966, 3966)
    after = api.invoices.retrieve(invoice.id)
    assert (after.status, after.post_payment_credit_notes_amount, after.amount_remaining) == (
        "paid",
        3966,
        0,
    )


def test_after_payment_it_may_credit_the_customer(api, billed, customer):
    invoice = api.invoices.pay(billed().id)
    note = api.credit_notes.create({"invoice": invoice.id, "amount": 1000, "credit_amount": 1000})
    assert api.customers.retrieve(customer.id).balance == -1000
    moved = api.customers.balance_transactions.retrieve(customer.id, note.customer_balance_transaction)
    assert (moved.type, moved.amount, moved.credit_note, moved.invoice) == (
        "credit_note",
        -1000,
        note.id,
        invoice.id,
    )


def test_the_ways_of_giving_back_must_add_up(api, billed):
    invoice = api.invoices.pay(billed().id)
    earlier = api.refunds.create({"charge": api.charges.list().data[0].id, "amount": 500})
    params = {"invoice": invoice.id, "amount": 2000, "refund_amount": 600, "credit_amount": 400}
    with pytest.raises(stripe.InvalidRequestError, match="must equal the post payment amount"):
        api.credit_notes.create({**params, "refunds": [{"refund": earlier.id}]})
    note = api.credit_notes.create({**params, "refunds": [{"refund": earlier.id}], "out_of_band_amount": 500})
    assert {link.refund for link in note.refunds} >= {earlier.id}
    assert (note.out_of_band_amount, note.post_payment_amount) == (500, 2000)
    with pytest.raises(stripe.InvalidRequestError, match="does not cover"):
        api.credit_notes.create(
            {
                "invoice": invoice.id,
                "amount": 500,
                "refunds": [{"refund": earlier.id, "amount_refunded": 500}],
            }
        )


def test_no_more_is_credited_than_was_paid(api, billed):
    invoice = api.invoices.pay(billed().id)
    with pytest.raises(stripe.InvalidRequestError, match="left to credit"):
        api.credit_notes.create({"invoice": invoice.id, "amount": 11_900, "credit_amount": 11_900})


def test_a_partly_paid_invoice_gets_a_mixed_one(api, billed, customer):
    api.customers.balance_transactions.create(customer.id, {"amount": -5000, "currency": "eur"})
    invoice = billed()
    assert invoice.amount_remaining == 6899
    note = api.credit_notes.create(
        {"invoice": invoice.id, "lines": [line_of(invoice, quantity=3)], "credit_amount": 5000}
    )
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("mixed", 6899, 5000)
    assert api.invoices.retrieve(invoice.id).status == "paid"
    assert api.customers.retrieve(customer.id).balance == -5000


def test_only_one_from_before_payment_can_be_voided(api, billed, events):
    invoice = billed()
    note = api.credit_notes.create({"invoice": invoice.id, "amount": 1000})
    assert api.credit_notes.void_credit_note(note.id).status == "void"
    assert api.invoices.retrieve(invoice.id).amount_remaining == invoice.amount_remaining
    assert "credit_note.voided" in [type_ for type_, _ in events()]
    api.invoices.pay(invoice.id)
    later = api.credit_notes.create({"invoice": invoice.id, "amount": 1000, "credit_amount": 1000})
    with pytest.raises(stripe.InvalidRequestError, match="only void"):
        api.credit_notes.void_credit_note(later.id)


def test_a_draft_cannot_be_credited(api, customer):
    draft = api.invoices.create({"customer": customer.id, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError, match="draft"):
        api.credit_notes.create({"invoice": draft.id, "amount": 1})


def test_discounts_are_credited_in_proportion(api, customer):
    coupon = api.coupons.create({"percent_off": 10})
    invoice = api.invoices.create({"customer": customer.id, "currency": "eur", "discounts": [{"coupon": coupon.id}]})
    api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 10_000})
    invoice = api.invoices.finalize_invoice(invoice.id)
    note = api.credit_notes.create({"invoice": invoice.id, "lines": [line_of(invoice, amount=5000)]})
    assert (note.subtotal, note.discount_amount, note.total) == (5000, 500, 4500)


def test_a_preview_changes_nothing(api, billed):
    invoice = billed()
    shown = api.credit_notes.preview({"invoice": invoice.id, "amount": 1000})
    assert shown.total == 1000
    lines = api.credit_notes.preview_lines.list({"invoice": invoice.id, "amount": 1000})
    assert [line.amount for line in lines.data] == [1000]
    assert api.credit_notes.list().data == []
    assert api.invoices.retrieve(invoice.id).amount_remaining == invoice.amount_remaining


def test_lines_and_memo_can_be_read_and_changed(api, billed):
    invoice = billed()
    note = api.credit_notes.create({"invoice": invoice.id, "lines": [line_of(invoice, quantity=1)]})
    assert api.credit_notes.update(note.id, {"memo": "Sorry"}).memo == "Sorry"
    (line,) = api.credit_notes.line_items.list(note.id).data
    assert (line.amount, line.quantity, line.invoice_line_item) == (3333, 1, invoice.lines.data[0].id)
    assert [one.id for one in api.credit_notes.list({"invoice": invoice.id}).data] == [note.id]


def test_all_credit_after_payment_together_is_no_more_than_was_paid(api, billed):
    invoice = api.invoices.pay(billed().id)
    api.credit_notes.create({"invoice": invoice.id, "amount": 6000, "credit_amount": 6000})
    with pytest.raises(stripe.InvalidRequestError, match=r"left to credit of the invoice \(5899\)"):
        api.credit_notes.create({"invoice": invoice.id, "amount": 5900, "credit_amount": 5900})
    api.credit_notes.create({"invoice": invoice.id, "amount": 5899, "out_of_band_amount": 5899})
