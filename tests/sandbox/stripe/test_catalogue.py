import pytest
import stripe


@pytest.fixture
def product(api):
    return api.products.create({"name": "Plan"})


@pytest.fixture
def price(api, product):
    def make(**params):
        return api.prices.create({"product": product.id, "currency": "eur", **params})

    return make


def test_a_product_may_have_an_id_of_its_own_once(api):
    assert api.products.create({"name": "Plan", "id": "plan-gold"}).id == "plan-gold"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.products.create({"name": "Plan", "id": "plan-gold"})
    assert refused.value.code == "resource_already_exists"


def test_a_product_with_prices_cannot_be_deleted_but_archived(api, product, price):
    price(unit_amount=100)
    with pytest.raises(stripe.InvalidRequestError, match="prices"):
        api.products.delete(product.id)
    assert not api.products.update(product.id, {"active": False}).active
    assert product.id not in [one.id for one in api.products.list({"active": True}).data]
    lonely = api.products.create({"name": "Lonely"})
    assert api.products.delete(lonely.id).deleted


def test_products_and_prices_can_make_each_other(api):
    product = api.products.create({"name": "Plan", "default_price_data": {"currency": "eur", "unit_amount": 100}})
    shown = api.products.retrieve(product.id, {"expand": ["default_price"]})
    assert shown.default_price.unit_amount == 100
    made = api.prices.create({"currency": "eur", "unit_amount": 1, "product_data": {"name": "Other"}})
    assert api.products.retrieve(made.product).name == "Other"


@pytest.mark.parametrize(
    ("given", "amount", "exact"),
    [
        ({"unit_amount": 1999}, 1999, "1999"),
        ({"unit_amount_decimal": "1999"}, 1999, "1999"),
        ({"unit_amount_decimal": "0.000000000001"}, None, "0.000000000001"),
        ({"unit_amount_decimal": "1.50"}, None, "1.5"),
    ],
)
def test_a_price_shows_both_of_its_amounts(price, given, amount, exact):
    made = price(**given)
    assert (made.unit_amount, format(made.unit_amount_decimal, "f")) == (amount, exact)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"unit_amount": 1, "unit_amount_decimal": "1"},
        {"unit_amount": -1},
        {"unit_amount_decimal": "-1"},
        {"unit_amount_decimal": "NaN"},
        {"unit_amount": 1, "tiers_mode": "volume"},
        {"billing_scheme": "tiered"},
        {"unit_amount": 1, "recurring": {"interval": "month", "usage_type": "metered"}},
        {"unit_amount": 1, "recurring": {"interval": "year", "interval_count": 4}},
        {"unit_amount": 1, "recurring": {"interval": "fortnight"}},
    ],
)
def test_a_price_that_makes_no_sense_is_refused(price, params):
    with pytest.raises(stripe.InvalidRequestError):
        price(**params)


def test_what_a_price_costs_cannot_be_changed(api, price):
    made = price(unit_amount=100)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.prices.update(made.id, {"unit_amount": 200})
    assert refused.value.code == "parameter_unknown"
    assert api.prices.update(made.id, {"nickname": "Cheap", "active": False}).nickname == "Cheap"


def test_a_tax_behavior_is_set_once(api, price):
    made = price(unit_amount=100)
    assert api.prices.update(made.id, {"tax_behavior": "inclusive"}).tax_behavior == "inclusive"
    with pytest.raises(stripe.InvalidRequestError, match="tax_behavior"):
        api.prices.update(made.id, {"tax_behavior": "exclusive"})


def test_a_lookup_key_is_held_by_one_price_and_can_be_handed_on(api, price):
    first = price(unit_amount=100, lookup_key="gold")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        price(unit_amount=200, lookup_key="gold")
    assert refused.value.code == "resource_already_exists"
    second = price(unit_amount=200, lookup_key="gold", transfer_lookup_key=True)
    assert second.lookup_key == "gold"
    assert api.prices.retrieve(first.id).lookup_key is None


def test_an_inactive_price_bills_nothing_new(api, customer, price):
    made = price(unit_amount=100)
    api.prices.update(made.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        api.invoice_items.create({"customer": customer.id, "pricing": {"price": made.id}})


def test_the_percentage_of_a_tax_rate_is_fixed(api):
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": "7.7", "inclusive": False, "country": "CH"})
    assert (rate.percentage, rate.active) == (7.7, True)
    with pytest.raises(stripe.InvalidRequestError):
        api.tax_rates.update(rate.id, {"percentage": 8})
    assert not api.tax_rates.update(rate.id, {"active": False}).active
    assert api.tax_rates.list({"active": True}).data == []


@pytest.mark.parametrize("percentage", ["-1", "100.1", "7.77777"])
def test_a_percentage_has_bounds_and_four_decimals(api, percentage):
    with pytest.raises(stripe.InvalidRequestError, match="percentage"):
        api.tax_rates.create({"display_name": "VAT", "percentage": percentage, "inclusive": False})


def test_an_inactive_tax_rate_taxes_nothing_new(api, customer):
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    api.tax_rates.update(rate.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        api.invoice_items.create({"customer": customer.id, "amount": 100, "currency": "eur", "tax_rates": [rate.id]})


def test_tax_ids_come_and_go_and_stand_on_invoices(api, customer):
    made = api.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    assert (made.country, made.owner.customer) == ("DE", customer.id)
    invoice = api.invoices.create({"customer": customer.id, "currency": "eur"})
    assert [one.value for one in invoice.customer_tax_ids] == ["DE123456789"]
    assert api.customers.tax_ids.retrieve(customer.id, made.id).id == made.id
    assert api.customers.tax_ids.delete(customer.id, made.id).deleted
    assert api.customers.tax_ids.list(customer.id).data == []


def test_an_invoice_prefix_is_unique(api, customer):
    assert api.customers.update(customer.id, {"invoice_prefix": "ACME"}).invoice_prefix == "ACME"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.customers.create({"invoice_prefix": "ACME"})
    assert refused.value.code == "resource_already_exists"
    with pytest.raises(stripe.InvalidRequestError, match="uppercase"):
        api.customers.create({"invoice_prefix": "a"})


def test_the_next_number_can_be_chosen(api, customer):
    api.customers.update(customer.id, {"next_invoice_sequence": 42})
    draft = api.invoices.create({"customer": customer.id, "currency": "eur"})
    api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 100})
    assert api.invoices.finalize_invoice(draft.id).number == f"{customer.invoice_prefix}-0042"


def test_a_balance_can_be_set_and_leaves_a_trace(api):
    made = api.customers.create({"balance": -500})
    api.customers.update(made.id, {"balance": 300})
    moves = api.customers.balance_transactions.list(made.id).data
    assert [(one.type, one.amount, one.ending_balance) for one in moves] == [
        ("adjustment", 800, 300),
        ("adjustment", -500, -500),
    ]
    note = api.customers.balance_transactions.update(made.id, moves[0].id, {"description": "Goodwill"})
    assert note.description == "Goodwill"


def test_a_deleted_customer_is_gone_for_new_work(api, customer):
    api.customers.delete(customer.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        api.customers.update(customer.id, {"name": "x"})
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        api.invoices.create({"customer": customer.id})


def test_a_draft_that_advances_by_itself_does_so_after_an_hour(api, customer, vendor):
    draft = api.invoices.create({"customer": customer.id, "currency": "eur", "auto_advance": True})
    api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 500})
    assert draft.automatically_finalizes_at == draft.created + 3600
    vendor.clock.move_to_offset(3599)
    api.balance.retrieve()
    assert api.invoices.retrieve(draft.id).status == "draft"
    vendor.clock.move_to_offset(3700)
    api.balance.retrieve()
    assert api.invoices.retrieve(draft.id).status == "paid"
