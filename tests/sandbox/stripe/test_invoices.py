import pytest
import stripe


@pytest.fixture
def vat(api):
    return api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})


@pytest.fixture
def draft(api, customer):
    return api.invoices.create({"customer": customer.id, "currency": "eur"})


@pytest.fixture
def billed(api, customer):
    """An open invoice with one line of this amount."""

    def make(amount=10_000, currency="eur", **params):
        invoice = api.invoices.create({"customer": customer.id, "currency": currency, **params})
        api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": amount})
        return api.invoices.finalize_invoice(invoice.id)

    return make


def line(api, draft, **params):
    api.invoice_items.create({"customer": draft.customer, "invoice": draft.id, **params})
    return api.invoices.retrieve(draft.id)


def test_a_line_rounds_half_up_by_itself(api, draft):
    for unit, quantity, amount in (
        ("0.5", 1, 1),
        ("0.4", 1, 0),
        ("1.005", 100, 101),
        ("33.333333333333", 3, 100),
    ):
        invoice = line(api, draft, unit_amount_decimal=unit, quantity=quantity)
        assert invoice.lines.data[0].amount == amount
    assert invoice.total == 1 + 0 + 101 + 100


def test_a_unit_amount_has_at_most_twelve_decimals(api, draft):
    with pytest.raises(stripe.InvalidRequestError, match="12 decimal places"):
        line(api, draft, unit_amount_decimal="0.1234567890123")


def test_quantities_may_have_decimals(api, draft):
    shown = line(api, draft, unit_amount_decimal="1000", quantity_decimal="2.5").lines.data[0]
    assert (shown.amount, shown.quantity, str(shown.quantity_decimal)) == (2500, 2, "2.5")


def test_an_exclusive_tax_comes_on_top(api, draft, vat):
    invoice = line(api, draft, amount=9999, tax_rates=[vat.id])
    assert (invoice.subtotal, invoice.total, invoice.total_excluding_tax) == (9999, 11_899, 9999)
    tax = invoice.lines.data[0].taxes[0]
    assert (tax.amount, tax.taxable_amount, tax.tax_behavior) == (1900, 9999, "exclusive")
    assert tax.tax_rate_details.tax_rate == vat.id
    assert [total.amount for total in invoice.total_taxes] == [1900]


def test_an_inclusive_tax_is_within(api, draft):
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True})
    invoice = line(api, draft, amount=11_900, tax_rates=[rate.id])
    assert (invoice.subtotal, invoice.subtotal_excluding_tax) == (11_900, 10_000)
    assert (invoice.total, invoice.total_excluding_tax) == (11_900, 10_000)
    tax = invoice.lines.data[0].taxes[0]
    assert (tax.amount, tax.taxable_amount, tax.tax_behavior) == (1900, 10_000, "inclusive")


def test_tax_rounds_line_by_line_and_not_on_the_total(api, draft, vat):
    for _ in range(3):
        invoice = line(api, draft, amount=13, tax_rates=[vat.id])
    assert invoice.total_taxes[0].amount == 3 * 2  # 2.47 each; 19 % of 39 would have been 7


def test_each_rate_of_a_line_has_its_own_tax(api, draft):
    rates = [
        api.tax_rates.create({"display_name": name, "percentage": percentage, "inclusive": False}).id
        for name, percentage in (("GST", "5"), ("QST", "9.975"))
    ]
    invoice = line(api, draft, amount=10_000, tax_rates=rates)
    assert [tax.amount for tax in invoice.lines.data[0].taxes] == [500, 998]
    assert invoice.total == 11_498


def test_the_invoices_rates_apply_where_a_line_has_none(api, customer, vat):
    reduced = api.tax_rates.create({"display_name": "VAT", "percentage": 7, "inclusive": False})
    params = {"customer": customer.id, "currency": "eur", "default_tax_rates": [vat.id]}
    draft = api.invoices.create(params)
    line(api, draft, amount=10_000)
    invoice = line(api, draft, amount=10_000, tax_rates=[reduced.id])
    assert [shown.taxes[0].amount for shown in invoice.lines.data] == [700, 1900]
    assert invoice.default_tax_rates[0].id == vat.id


@pytest.mark.parametrize(("status", "reason"), [("exempt", "customer_exempt"), ("reverse", "reverse_charge")])
def test_the_exempt_pay_no_tax_and_the_line_says_why(api, customer, vat, status, reason):
    api.customers.update(customer.id, {"tax_exempt": status})
    draft = api.invoices.create({"customer": customer.id, "currency": "eur"})
    invoice = line(api, draft, amount=10_000, tax_rates=[vat.id])
    tax = invoice.lines.data[0].taxes[0]
    assert (tax.amount, tax.taxability_reason, invoice.total) == (0, reason, 10_000)


@pytest.mark.parametrize(
    ("currency", "amount", "total"), [("jpy", 1005, 1196), ("kwd", 12_340, 14_680), ("eur", 1005, 1196)]
)
def test_tax_rounds_to_what_the_currency_can_charge(*, api, customer, vat, currency, amount, total):
    """Zero decimals in yen; Kuwaiti fils end in 0."""
    draft = api.invoices.create({"customer": customer.id, "currency": currency})
    invoice = line(api, draft, amount=amount, currency=currency, tax_rates=[vat.id])
    assert invoice.total == total


def test_three_decimal_amounts_end_in_zero(api, customer):
    with pytest.raises(stripe.InvalidRequestError, match="divisible by 10"):
        api.invoice_items.create({"customer": customer.id, "currency": "kwd", "amount": 1234})


def test_an_unknown_currency_is_refused(api, customer):
    with pytest.raises(stripe.InvalidRequestError, match="Invalid currency: xyz"):
        api.invoices.create({"customer": customer.id, "currency": "xyz"})


def test_pending_items_come_along_when_they_are_included(api, customer):
    item = api.invoice_items.create({"customer": customer.id, "currency": "eur", "amount": 500})
    foreign = api.invoice_items.create({"customer": customer.id, "currency": "usd", "amount": 500})
    params = {"customer": customer.id, "currency": "eur"}
    assert api.invoices.create(params).lines.data == []
    included = api.invoices.create({**params, "pending_invoice_items_behavior": "include"})
    assert included.lines.data[0].parent.invoice_item_details.invoice_item == item.id
    assert [one.id for one in api.invoice_items.list({"pending": True}).data] == [foreign.id]
    assert [one.id for one in api.invoice_items.list({"invoice": included.id}).data] == [item.id]


def test_a_line_shows_its_price(api, draft):
    product = api.products.create({"name": "Plan"})
    price = api.prices.create({"product": product.id, "currency": "eur", "unit_amount_decimal": "199.5"})
    shown = line(api, draft, pricing={"price": price.id}, quantity=3).lines.data[0]
    assert (shown.amount, shown.subtotal) == (599, 599)
    assert str(shown.pricing.unit_amount_decimal) == "199.5"
    assert shown.pricing.price_details.to_dict() == {"price": price.id, "product": product.id}


def test_an_invoice_item_takes_no_recurring_price_and_no_other_currency(api, draft):
    product = api.products.create({"name": "Plan"})
    shared = {"product": product.id, "unit_amount": 100}
    monthly = api.prices.create({**shared, "currency": "eur", "recurring": {"interval": "month"}})
    dollars = api.prices.create({**shared, "currency": "usd"})
    for price, words in ((monthly, "type=recurring"), (dollars, "only supports `usd`")):
        with pytest.raises(stripe.InvalidRequestError, match=words):
            line(api, draft, pricing={"price": price.id})


def test_editing_an_item_recomputes_its_draft(api, draft, customer):
    item = api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 500})
    api.invoice_items.update(item.id, {"amount": 700, "description": "Set-up"})
    invoice = api.invoices.retrieve(draft.id)
    assert (invoice.total, invoice.lines.data[0].description) == (700, "Set-up")
    api.invoice_items.delete(item.id)
    assert api.invoices.retrieve(draft.id).lines.data == []


def test_lines_are_listed_beyond_the_ten_that_are_embedded(api, draft, customer):
    for n in range(12):
        api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": n})
    embedded = api.invoices.retrieve(draft.id).lines
    assert (len(embedded.data), embedded.has_more) == (10, True)
    amounts = [one.amount for one in api.invoices.line_items.list(draft.id, {"limit": 5}).auto_paging_iter()]
    assert amounts == list(range(11, -1, -1))


def test_finalising_gives_number_date_and_a_payment_to_be_made(api, billed):
    invoice = billed()
    assert invoice.status == "open"
    assert invoice.number.endswith("-0001")
    assert invoice.effective_at == invoice.status_transitions.finalized_at
    payments = api.invoice_payments.list({"invoice": invoice.id}).data
    assert [(one.status, one.amount_requested, one.is_default) for one in payments] == [("open", 10_000, True)]


def test_numbers_run_per_customer(api, billed, customer):
    numbers = [billed().number for _ in range(3)]
    prefix = customer.invoice_prefix
    assert numbers == [f"{prefix}-0001", f"{prefix}-0002", f"{prefix}-0003"]
    other = api.customers.create({"name": "Other"})
    draft = api.invoices.create({"customer": other.id, "currency": "eur"})
    line(api, draft, amount=500)
    assert api.invoices.finalize_invoice(draft.id).number == f"{other.invoice_prefix}-0001"


def test_a_number_given_by_hand_is_unique_and_passed_over(api, billed, customer):
    assert billed(number=f"{customer.invoice_prefix}-0001").number == f"{customer.invoice_prefix}-0001"
    assert billed().number == f"{customer.invoice_prefix}-0002"
    with pytest.raises(stripe.InvalidRequestError, match="already in use"):
        billed(number=f"{customer.invoice_prefix}-0002")


def test_an_effective_date_given_by_hand_is_kept(api, billed):
    assert billed(effective_at=1_700_000_000).effective_at == 1_700_000_000


def test_an_empty_invoice_cannot_be_finalised(api, draft):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.invoices.finalize_invoice(draft.id)
    assert refused.value.code == "invoice_no_customer_line_items"


def test_a_finalised_invoice_is_not_editable(api, billed, customer):
    invoice = billed()
    for attempt in (
        lambda: api.invoices.update(invoice.id, {"description": "x"}),
        lambda: api.invoices.finalize_invoice(invoice.id),
        lambda: api.invoices.delete(invoice.id),
        lambda: api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 1}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            attempt()
        assert refused.value.code == "invoice_not_editable"
    assert api.invoices.update(invoice.id, {"metadata": {"hub": "1"}}).metadata["hub"] == "1"


def test_a_draft_can_be_deleted_and_its_items_wait_again(api, draft, customer):
    item = api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 500})
    assert api.invoices.delete(draft.id).deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such invoice"):
        api.invoices.retrieve(draft.id)
    assert api.invoice_items.retrieve(item.id).invoice is None


def test_paying_moves_money_and_says_so(api, billed, events):
    invoice = billed(10_000)
    paid = api.invoices.pay(invoice.id)
    assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.attempted) == ("paid", 10_000, 0, True)
    payment = api.invoice_payments.list({"invoice": invoice.id, "status": "paid"}).data[0]
    intent = api.payment_intents.retrieve(payment.payment.payment_intent, {"expand": ["latest_charge"]})
    charge = intent.latest_charge
    assert (intent.amount_received, charge.amount_captured, charge.customer) == (
        10_000,
        10_000,
        invoice.customer,
    )
    moved = api.balance_transactions.retrieve(charge.balance_transaction)
    assert (moved.amount, moved.fee, moved.net, moved.source) == (10_000, 175, 9825, charge.id)
    assert [fee.amount for fee in moved.fee_details] == [175]
    told = [type_ for type_, _ in events()]
    wanted = ["charge.succeeded", "payment_intent.succeeded", "invoice_payment.paid", "invoice.paid"]
    assert [type_ for type_ in told if type_ in wanted] == wanted


def test_a_payment_is_found_by_its_intent(api, billed):
    invoice = billed()
    intent = api.invoice_payments.list({"invoice": invoice.id}).data[0].payment.payment_intent
    by_intent = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    assert [one.invoice for one in api.invoice_payments.list(by_intent).data] == [invoice.id]
    assert api.invoice_payments.list({**by_intent, "status": "paid"}).data == []


def test_a_paid_invoice_is_not_paid_again(api, billed):
    invoice = billed()
    api.invoices.pay(invoice.id)
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        api.invoices.pay(invoice.id)
    assert len(api.charges.list().data) == 1


def test_out_of_band_payment_moves_no_money_at_stripe(api, billed):
    invoice = api.invoices.pay(billed().id, {"paid_out_of_band": True})
    assert (invoice.status, invoice.amount_remaining, invoice.amount_paid_off_stripe) == ("paid", 0, 10_000)
    assert api.charges.list().data == []
    assert api.balance_transactions.list().data == []
    payment = api.invoice_payments.list({"invoice": invoice.id}).data[0]
    assert payment.status == "canceled"
    assert api.payment_intents.retrieve(payment.payment.payment_intent).status == "canceled"


def test_a_declined_card_leaves_the_invoice_open_and_counted(api, billed, customer, events):
    broken = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    invoice = billed()
    with pytest.raises(stripe.CardError) as declined:
        api.invoices.pay(invoice.id, {"payment_method": broken.id})
    assert declined.value.http_status == 402
    assert (declined.value.code, declined.value.error.decline_code) == ("card_declined", "generic_decline")
    assert declined.value.error.payment_intent.status == "requires_payment_method"
    after = api.invoices.retrieve(invoice.id)
    assert (after.status, after.attempt_count, after.attempted) == ("open", 1, True)
    told = [type_ for type_, _ in events()]
    assert {"charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"} <= set(told)
    assert api.invoices.pay(invoice.id).status == "paid"


def test_paying_needs_a_payment_method(api):
    poor = api.customers.create({"name": "Poor"})
    draft = api.invoices.create({"customer": poor.id, "currency": "eur"})
    line(api, draft, amount=500)
    with pytest.raises(stripe.InvalidRequestError, match="default_payment_method"):
        api.invoices.pay(draft.id)


def test_nothing_to_pay_means_paid(api, draft):
    line(api, draft, amount=500)
    line(api, draft, amount=-500)
    invoice = api.invoices.finalize_invoice(draft.id)
    assert (invoice.status, invoice.amount_due) == ("paid", 0)
    assert api.payment_intents.list().data == []


def test_credit_of_the_customer_is_used_first(api, draft, customer):
    api.customers.balance_transactions.create(customer.id, {"amount": -300, "currency": "eur"})
    line(api, draft, amount=1000)
    invoice = api.invoices.finalize_invoice(draft.id)
    assert (invoice.total, invoice.starting_balance, invoice.ending_balance) == (1000, -300, 0)
    assert (invoice.amount_due, invoice.amount_remaining) == (700, 700)
    used = api.customers.balance_transactions.list(customer.id).data[0]
    assert (used.type, used.amount, used.ending_balance, used.invoice) == (
        "applied_to_invoice",
        300,
        0,
        invoice.id,
    )


def test_a_negative_invoice_becomes_credit(api, draft, customer):
    line(api, draft, amount=-1000)
    invoice = api.invoices.finalize_invoice(draft.id)
    assert (invoice.status, invoice.amount_due, invoice.ending_balance) == ("paid", 0, -1000)
    assert api.customers.retrieve(customer.id).balance == -1000


def test_what_is_too_small_to_charge_is_carried_over(api, draft, customer):
    line(api, draft, amount=30)
    invoice = api.invoices.finalize_invoice(draft.id)
    assert (invoice.status, invoice.amount_due, invoice.ending_balance) == ("paid", 0, 30)
    following = api.invoices.create({"customer": customer.id, "currency": "eur"})
    line(api, following, amount=1000)
    following = api.invoices.finalize_invoice(following.id)
    assert (following.amount_due, following.starting_balance, following.ending_balance) == (1030, 30, 0)


def test_an_open_invoice_can_be_voided_and_gives_credit_back(api, draft, customer):
    api.customers.balance_transactions.create(customer.id, {"amount": -300, "currency": "eur"})
    line(api, draft, amount=1000)
    api.invoices.finalize_invoice(draft.id)
    assert api.customers.retrieve(customer.id).balance == 0
    voided = api.invoices.void_invoice(draft.id)
    assert (voided.status, voided.status_transitions.voided_at is not None) == ("void", True)
    assert api.customers.retrieve(customer.id).balance == -300
    assert api.invoice_payments.list({"invoice": draft.id}).data[0].status == "canceled"


def test_only_what_is_open_can_be_voided_or_written_off(api, draft, billed):
    with pytest.raises(stripe.InvalidRequestError):
        api.invoices.void_invoice(draft.id)
    with pytest.raises(stripe.InvalidRequestError):
        api.invoices.mark_uncollectible(draft.id)
    paid = api.invoices.pay(billed().id)
    with pytest.raises(stripe.InvalidRequestError):
        api.invoices.void_invoice(paid.id)


def test_an_uncollectible_invoice_can_still_be_paid_or_voided(api, billed):
    first, second = billed(), billed()
    for invoice in (first, second):
        assert api.invoices.mark_uncollectible(invoice.id).status == "uncollectible"
    assert api.invoices.pay(first.id).status == "paid"
    assert api.invoices.void_invoice(second.id).status == "void"


def test_an_invoice_to_be_sent_needs_a_due_date(api, customer):
    params = {"customer": customer.id, "currency": "eur", "collection_method": "send_invoice"}
    with pytest.raises(stripe.InvalidRequestError, match="days_until_due"):
        api.invoices.create(params)
    draft = api.invoices.create({**params, "days_until_due": 14})
    line(api, draft, amount=10)
    invoice = api.invoices.finalize_invoice(draft.id)
    assert invoice.due_date == invoice.effective_at + 14 * 86_400
    assert invoice.amount_due == 10
    found = api.invoices.list({"due_date": {"lte": invoice.due_date}}).data
    assert [one.id for one in found] == [invoice.id]


def test_kuwaiti_dinars_settle_in_euros(api, customer):
    draft = api.invoices.create({"customer": customer.id, "currency": "kwd"})
    line(api, draft, amount=10_000, currency="kwd")
    api.invoices.pay(draft.id)
    moved = api.balance_transactions.list().data[0]
    assert (moved.amount, moved.currency, moved.exchange_rate) == (3000, "eur", 0.3)
    assert moved.fee == sum(fee.amount for fee in moved.fee_details) == 45 + 25 + 60
    assert moved.net == moved.amount - moved.fee


@pytest.mark.parametrize("currency", ["eur", "usd", "jpy"])
def test_settlement_currencies_settle_in_themselves(api, customer, currency):
    draft = api.invoices.create({"customer": customer.id, "currency": currency})
    line(api, draft, amount=10_000, currency=currency)
    api.invoices.pay(draft.id)
    moved = api.balance_transactions.list().data[0]
    assert (moved.amount, moved.currency, moved.exchange_rate) == (10_000, currency, None)


def test_pending_money_becomes_available_after_two_days(api, billed, vendor, events):
    api.invoices.pay(billed().id)
    assert {one.currency: one.amount for one in api.balance.retrieve().pending}["eur"] == 9825
    vendor.clock.move_to_offset(2 * 86_400)
    balance = api.balance.retrieve()
    assert {one.currency: one.amount for one in balance.pending}["eur"] == 0
    assert {one.currency: one.amount for one in balance.available}["eur"] == 9825
    assert "balance.available" in [type_ for type_, _ in events()]


def test_what_has_no_minor_unit_is_converted_by_its_whole_units(api, customer):
    """10,000 won at 0.00065 are 6.50 euros."""
    draft = api.invoices.create({"customer": customer.id, "currency": "krw"})
    line(api, draft, amount=10_000, currency="krw")
    api.invoices.pay(draft.id)
    moved = api.balance_transactions.list().data[0]
    assert (moved.amount, moved.currency, moved.exchange_rate) == (650, "eur", 0.065)
