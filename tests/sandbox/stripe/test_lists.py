import pytest
import stripe


@pytest.fixture
def twelve(api):
    return [api.products.create({"name": f"Plan {n}"}).id for n in range(12)]


def test_a_list_is_newest_first_ten_at_a_time(api, twelve):
    page = api.products.list()
    assert [product.id for product in page.data] == twelve[:1:-1]
    assert page.has_more
    assert page.url == "/v1/products"


def test_pages_follow_one_another_both_ways(api, twelve):
    page = api.products.list({"limit": 5, "starting_after": twelve[7]})
    assert [product.id for product in page.data] == twelve[6:1:-1]
    assert page.has_more
    page = api.products.list({"limit": 5, "ending_before": twelve[6]})
    assert [product.id for product in page.data] == twelve[11:6:-1]
    assert not page.has_more
    page = api.products.list({"limit": 2, "ending_before": twelve[6]})
    assert [product.id for product in page.data] == [twelve[8], twelve[7]]
    assert page.has_more


def test_auto_paging_sees_each_object_once(api, twelve):
    seen = [product.id for product in api.products.list({"limit": 5}).auto_paging_iter()]
    assert seen == twelve[::-1]


def test_the_last_full_page_has_no_more(api, twelve):
    assert not api.products.list({"limit": 12}).has_more
    assert api.products.list({"limit": 11}).has_more


def test_a_list_is_bounded_by_creation(api, vendor):
    ids = []
    for hours in range(4):
        vendor.clock.move_to_offset(hours * 3600)
        ids.append(api.products.create({"name": f"Plan {hours}"}))
    second, third = ids[1], ids[2]
    for bounds, expected in (
        ({"gt": second.created}, ids[2:]),
        ({"gte": second.created}, ids[1:]),
        ({"lt": third.created}, ids[:2]),
        ({"lte": third.created}, ids[:3]),
        ({"gt": second.created, "lte": third.created}, [third]),
        (second.created, [second]),
    ):
        found = api.products.list({"created": bounds})
        assert [product.id for product in found.data] == [product.id for product in expected][::-1]


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_page_has_one_to_a_hundred_objects(api, limit):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.products.list({"limit": limit})
    assert refused.value.code == "parameter_invalid_integer"


def test_an_unknown_cursor_is_refused(api):
    with pytest.raises(stripe.InvalidRequestError, match="No such product: 'prod_nothing'"):
        api.products.list({"starting_after": "prod_nothing"})


def test_a_list_goes_one_way_at_a_time(api, twelve):
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        api.products.list({"starting_after": twelve[0], "ending_before": twelve[1]})


def test_filters_follow_what_has_changed(api, customer):
    draft = api.invoices.create({"customer": customer.id, "currency": "eur"})
    assert [one.id for one in api.invoices.list({"status": "draft"}).data] == [draft.id]
    api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 500})
    api.invoices.finalize_invoice(draft.id)
    assert api.invoices.list({"status": "draft"}).data == []
    assert [one.id for one in api.invoices.list({"status": "open", "customer": customer.id}).data] == [draft.id]
    assert api.invoices.list({"status": "open", "customer": "cus_other"}).data == []


def test_prices_are_found_by_product_key_and_rhythm(api):
    product = api.products.create({"name": "Plan"})
    shared = {"product": product.id, "currency": "eur", "unit_amount": 100}
    once = api.prices.create({**shared, "lookup_key": "once"})
    monthly = api.prices.create({**shared, "recurring": {"interval": "month"}})
    assert [price.id for price in api.prices.list({"product": product.id}).data] == [monthly.id, once.id]
    assert [price.id for price in api.prices.list({"lookup_keys": ["once"]}).data] == [once.id]
    assert [price.id for price in api.prices.list({"type": "recurring"}).data] == [monthly.id]
    assert api.prices.list({"recurring": {"interval": "year"}}).data == []


def test_a_deleted_object_leaves_the_list(api):
    customer = api.customers.create({"email": "a@acme.example"})
    assert api.customers.delete(customer.id).deleted
    assert api.customers.list({"email": "a@acme.example"}).data == []
    assert api.customers.retrieve(customer.id).to_dict() == {
        "id": customer.id,
        "object": "customer",
        "deleted": True,
    }


def test_ids_expand_into_objects_also_inside_lists(api, customer):
    invoice = api.invoices.create({"customer": customer.id, "currency": "eur"})
    assert api.invoices.retrieve(invoice.id).customer == customer.id
    assert api.invoices.retrieve(invoice.id, {"expand": ["customer"]}).customer.name == "Acme"
    page = api.invoices.list({"expand": ["data.customer.invoice_settings.default_payment_method"]})
    assert page.data[0].customer.invoice_settings.default_payment_method.card.last4 == "4242"


def test_what_is_not_an_id_cannot_be_expanded(api, customer):
    for path in ("name", "nothing", "invoice_settings.nothing"):
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            api.customers.retrieve(customer.id, {"expand": [path]})


def test_what_only_some_sources_of_a_balance_transaction_have_is_expanded_where_it_is(api, customer):
    invoice = api.invoices.create({"customer": customer.id, "currency": "eur"})
    api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 5000})
    api.invoices.pay(invoice.id)
    charge = api.charges.list().data[0]
    api.refunds.create({"charge": charge.id, "amount": 100})
    moved = api.balance_transactions.list({"expand": ["data.source.customer", "data.source.payment_intent"]}).data
    assert [one.source.object for one in moved] == ["refund", "charge"]
    assert {one.source.payment_intent.id for one in moved} == {charge.payment_intent}


def test_expansion_ends_at_four_levels(api, customer):
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        api.customers.retrieve(customer.id, {"expand": ["a.b.c.d.e"]})


def test_payments_of_an_invoice_are_shown_when_asked_for(api, customer):
    invoice = api.invoices.create({"customer": customer.id, "currency": "eur"})
    api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 500})
    paid = api.invoices.pay(invoice.id, {"expand": ["payments.data.payment.payment_intent"]})
    assert "payments" not in api.invoices.retrieve(invoice.id)
    payment = paid.payments.data[0]
    assert (payment.status, payment.amount_paid, payment.payment.type) == ("paid", 500, "payment_intent")
    assert payment.payment.payment_intent.status == "succeeded"


def test_what_is_expanded_inside_an_object_is_not_kept_there(api, customer):
    """Neither in the object nor in the snapshots of its events."""
    default = customer.invoice_settings.default_payment_method
    path = "invoice_settings.default_payment_method"
    changed = api.customers.update(customer.id, {"name": "Acme AG", "expand": [path]})
    assert changed.invoice_settings.default_payment_method.id == default
    assert api.customers.retrieve(customer.id).invoice_settings.default_payment_method == default
    api.invoices.create({"customer": customer.id, "expand": [f"customer.{path}"]})
    assert api.customers.retrieve(customer.id).invoice_settings.default_payment_method == default
    told = api.events.list({"type": "customer.updated", "limit": 1}).data[0].data.object
    assert (told.name, told.invoice_settings.default_payment_method) == ("Acme AG", default)


def test_objects_of_one_second_have_a_strict_order(api):
    """A test clock bills many in one second: no page may repeat or miss one."""
    clock = api.test_helpers.test_clocks.create({"frozen_time": 1_767_225_600})
    made = [api.customers.create({"test_clock": clock.id}).id for _ in range(7)]
    params = {"test_clock": clock.id, "limit": 2}
    assert [one.id for one in api.customers.list(params).auto_paging_iter()] == made[::-1]
    bounds = {"created": {"gte": 1_767_225_600, "lte": 1_767_225_600}}
    assert [one.id for one in api.customers.list({**params, **bounds}).auto_paging_iter()] == made[::-1]
    assert api.customers.list({**params, "created": {"gt": 1_767_225_600}}).data == []
    before = api.customers.list({**params, "ending_before": made[0]})
    assert ([one.id for one in before.data], before.has_more) == ([made[2], made[1]], True)
