import pytest
import stripe


@pytest.fixture
def discounted(api, customer):
    """A draft with lines of these amounts and these discounts."""

    def make(amounts, *discounts, **params):
        invoice = api.invoices.create(
            {"customer": customer.id, "currency": "eur", "discounts": list(discounts), **params}
        )
        for amount in amounts:
            api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": amount})
        return api.invoices.retrieve(invoice.id)

    return make


def off(api, **params):
    return {"coupon": api.coupons.create(params).id}


def test_a_percentage_is_taken_off_line_by_line(api, discounted):
    invoice = discounted([1005, 1005], off(api, percent_off=10))
    assert [line.discount_amounts[0].amount for line in invoice.lines.data] == [101, 101]  # 100.5 each
    assert (invoice.subtotal, invoice.total) == (2010, 1808)
    assert [one.amount for one in invoice.total_discount_amounts] == [202]


def test_an_amount_is_shared_by_the_lines_to_the_last_cent(api, discounted):
    invoice = discounted([1000, 1000, 1000], off(api, amount_off=1000, currency="eur"))
    assert sorted(line.discount_amounts[0].amount for line in invoice.lines.data) == [333, 333, 334]
    assert invoice.total == 2000


def test_an_amount_takes_off_no_more_than_there_is(api, discounted):
    invoice = discounted([300], off(api, amount_off=1000, currency="eur"))
    assert invoice.total == 0


def test_discounts_follow_one_another(api, discounted):
    invoice = discounted([10_000], off(api, percent_off=10), off(api, amount_off=1000, currency="eur"))
    assert invoice.total == 8000


def test_a_lines_own_discount_goes_before_the_invoices(api, discounted, customer):
    invoice = discounted([], off(api, percent_off=50))
    own = off(api, amount_off=1000, currency="eur")
    api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 3000, "discounts": [own]})
    assert api.invoices.retrieve(invoice.id).total == 1000


def test_tax_is_on_what_is_left(api, discounted):
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    invoice = discounted([10_000], off(api, percent_off=10), default_tax_rates=[rate.id])
    tax = invoice.total_taxes[0]
    assert (tax.taxable_amount, tax.amount, invoice.total) == (9000, 1710, 10_710)


def test_a_coupon_may_be_for_some_products_only(api, discounted, customer):
    wanted, other = (api.products.create({"name": name}) for name in "ab")
    coupon = off(api, percent_off=50, applies_to={"products": [wanted.id]})
    invoice = discounted([], coupon)
    for product in (wanted, other):
        price = api.prices.create({"product": product.id, "currency": "eur", "unit_amount": 1000})
        api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "pricing": {"price": price.id}})
    assert api.invoices.retrieve(invoice.id).total == 1500


def test_what_is_not_discountable_is_left_alone(api, discounted, customer):
    invoice = discounted([1000], off(api, percent_off=50))
    api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 1000, "discountable": False})
    assert api.invoices.retrieve(invoice.id).total == 1500


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"percent_off": 10, "amount_off": 100, "currency": "eur"},
        {"amount_off": 100},
        {"percent_off": 101},
        {"percent_off": 10, "duration": "repeating"},
        {"percent_off": 10, "duration": "once", "duration_in_months": 3},
    ],
)
def test_a_coupon_that_says_two_things_or_none_is_refused(api, params):
    with pytest.raises(stripe.InvalidRequestError):
        api.coupons.create(params)


def test_what_a_coupon_takes_off_cannot_be_changed(api):
    coupon = api.coupons.create({"percent_off": 10, "id": "TEN", "name": "Ten"})
    assert api.coupons.update("TEN", {"name": "Ten percent"}).name == "Ten percent"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.coupons.update(coupon.id, {"percent_off": 20})
    assert refused.value.code == "parameter_unknown"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.coupons.create({"percent_off": 20, "id": "TEN"})
    assert refused.value.code == "resource_already_exists"


def test_a_coupon_is_redeemed_so_often_and_so_long(api, discounted, vendor):
    few = api.coupons.create({"percent_off": 10, "max_redemptions": 1})
    assert few.valid
    discounted([1000], {"coupon": few.id})
    used = api.coupons.retrieve(few.id)
    assert (used.times_redeemed, used.valid) == (1, False)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        discounted([1000], {"coupon": few.id})
    assert refused.value.code == "coupon_expired"
    short = api.coupons.create({"percent_off": 10, "redeem_by": few.created + 3600})
    assert short.valid
    vendor.clock.move_to_offset(3700)
    assert not api.coupons.retrieve(short.id).valid


def test_a_deleted_coupon_leaves_its_discounts(api, discounted, customer):
    coupon = off(api, percent_off=50)
    invoice = discounted([1000], coupon)
    assert api.coupons.delete(coupon["coupon"]).deleted
    api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 1000})
    assert api.invoices.retrieve(invoice.id).total == 1000
    with pytest.raises(stripe.InvalidRequestError, match="No such coupon"):
        discounted([1000], coupon)


def test_an_amount_off_is_for_its_currency(api, customer):
    coupon = off(api, amount_off=100, currency="usd")
    with pytest.raises(stripe.InvalidRequestError, match="cannot be used for eur"):
        api.invoices.create({"customer": customer.id, "currency": "eur", "discounts": [coupon]})


def test_a_promotion_code_leads_to_its_coupon(api, discounted):
    coupon = api.coupons.create({"percent_off": 10})
    code = api.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "FALL", "max_redemptions": 1}
    )
    assert (code.code, code.promotion.coupon) == ("FALL", coupon.id)
    invoice = discounted([1000], {"promotion_code": code.id})
    discount = api.invoices.retrieve(invoice.id, {"expand": ["discounts"]}).discounts[0]
    assert (discount.promotion_code, discount.source.coupon, invoice.total) == (code.id, coupon.id, 900)
    with pytest.raises(stripe.InvalidRequestError, match="not active"):
        discounted([1000], {"promotion_code": code.id})
    assert [one.id for one in api.promotion_codes.list({"code": "fall"}).data] == [code.id]


def test_an_active_code_is_unique(api):
    promotion = {"type": "coupon", "coupon": api.coupons.create({"percent_off": 10}).id}
    first = api.promotion_codes.create({"promotion": promotion, "code": "FALL"})
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        api.promotion_codes.create({"promotion": promotion, "code": "fall"})
    assert not api.promotion_codes.update(first.id, {"active": False}).active
    assert api.promotion_codes.create({"promotion": promotion, "code": "FALL"}).active


def test_a_code_may_be_for_one_customer_or_for_new_ones(api, discounted, customer):
    promotion = {"type": "coupon", "coupon": api.coupons.create({"percent_off": 10}).id}
    stranger = api.customers.create({})
    private = api.promotion_codes.create({"promotion": promotion, "customer": stranger.id})
    with pytest.raises(stripe.InvalidRequestError, match="another customer"):
        discounted([1000], {"promotion_code": private.id})
    first_time = {"first_time_transaction": True}
    fresh = api.promotion_codes.create({"promotion": promotion, "restrictions": first_time})
    invoice = discounted([1000], {"promotion_code": fresh.id})
    api.invoices.pay(invoice.id)
    with pytest.raises(stripe.InvalidRequestError, match="prior transactions"):
        discounted([1000], {"promotion_code": fresh.id})


def test_a_code_ends_when_it_says(api, discounted, vendor):
    promotion = {"type": "coupon", "coupon": api.coupons.create({"percent_off": 10}).id}
    code = api.promotion_codes.create({"promotion": promotion, "expires_at": int(vendor.clock.now().timestamp()) + 60})
    assert discounted([1000], {"promotion_code": code.id}).total == 900
    vendor.clock.move_to_offset(61)
    with pytest.raises(stripe.InvalidRequestError, match="not active"):
        discounted([1000], {"promotion_code": code.id})


def test_a_coupon_id_is_taken_once(api):
    api.coupons.create({"id": "FALL", "percent_off": 10})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.coupons.create({"id": "FALL", "percent_off": 20})
    assert refused.value.code == "resource_already_exists"
    assert api.coupons.retrieve("FALL").percent_off == 10
