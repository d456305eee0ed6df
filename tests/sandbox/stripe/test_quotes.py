import pytest
import stripe


@pytest.fixture
def price(api):
    def make(amount, **params):
        product = api.products.create({"name": "Plan"})
        return api.prices.create({"product": product.id, "currency": "eur", "unit_amount": amount, **params}).id

    return make


@pytest.fixture
def quoted(api, customer, price):
    def make(*prices, **params):
        lines = [{"price": one, "quantity": 2} for one in prices or (price(1000),)]
        return api.quotes.create({"customer": customer.id, "line_items": lines, **params})

    return make


def test_a_quote_shows_what_the_invoice_will_cost(api, quoted):
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    coupon = api.coupons.create({"percent_off": 10})
    quote = quoted(default_tax_rates=[rate.id], discounts=[{"coupon": coupon.id}])
    assert (quote.status, quote.amount_subtotal, quote.amount_total) == ("draft", 2000, 2142)
    assert (quote.total_details.amount_discount, quote.total_details.amount_tax) == (200, 342)
    accepted = api.quotes.accept(api.quotes.finalize_quote(quote.id).id)
    invoice = api.invoices.retrieve(accepted.invoice)
    assert (invoice.total, invoice.billing_reason) == (2142, "quote_accept")
    assert invoice.parent.quote_details.quote == quote.id


def test_it_goes_from_draft_to_open_to_accepted(api, quoted, events):
    quote = quoted()
    with pytest.raises(stripe.InvalidRequestError, match="Only open quotes"):
        api.quotes.accept(quote.id)
    opened = api.quotes.finalize_quote(quote.id)
    assert (opened.status, opened.number.startswith("QT-")) == ("open", True)
    with pytest.raises(stripe.InvalidRequestError, match="Only draft quotes"):
        api.quotes.update(quote.id, {"description": "x"})
    assert api.quotes.accept(quote.id).status == "accepted"
    with pytest.raises(stripe.InvalidRequestError):
        api.quotes.cancel(quote.id)
    told = [type_ for type_, _ in events() if type_.startswith("quote.")]
    assert told == ["quote.created", "quote.finalized", "quote.accepted"]


def test_recurring_prices_become_a_subscription(api, quoted, price):
    monthly = price(3000, recurring={"interval": "month"})
    quote = quoted(monthly, price(500))
    assert (quote.computed.recurring.amount_total, quote.computed.recurring.interval) == (6000, "month")
    assert quote.computed.upfront.amount_total == quote.amount_total == 7000
    api.quotes.finalize_quote(quote.id)
    accepted = api.quotes.accept(quote.id)
    subscription = api.subscriptions.retrieve(accepted.subscription)
    assert (subscription.status, subscription["items"].data[0].price.id) == ("active", monthly)
    assert api.invoices.retrieve(accepted.invoice).total == 7000


def test_a_quote_can_be_canceled_and_expires(api, quoted, vendor):
    assert api.quotes.cancel(quoted().id).status == "canceled"
    opened = api.quotes.finalize_quote(quoted().id)
    vendor.clock.move_to_offset(31 * 86_400)
    api.balance.retrieve()
    assert api.quotes.retrieve(opened.id).status == "canceled"


def test_its_lines_can_be_listed(api, quoted, price):
    quote = quoted(price(1000), price(2000))
    lines = api.quotes.line_items.list(quote.id).data
    assert [line.amount_total for line in lines] == [2000, 4000]
    shown = api.quotes.retrieve(quote.id, {"expand": ["line_items"]}).line_items
    assert [line.id for line in shown.data] == [line.id for line in lines]
    assert [one.id for one in api.quotes.list({"status": "draft"}).data] == [quote.id]


def test_changing_the_lines_recomputes_the_quote(api, quoted, price):
    quote = quoted()
    changed = api.quotes.update(quote.id, {"line_items": [{"price": price(700), "quantity": 3}]})
    assert changed.amount_total == 2100
