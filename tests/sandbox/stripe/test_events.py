import pytest
import stripe


@pytest.fixture
def three(api):
    for name in "abc":
        api.customers.create({"name": name})
        api.products.create({"name": name})


def test_events_are_found_by_type_and_types(api, three):
    assert {event.type for event in api.events.list({"type": "customer.created"}).data} == {"customer.created"}
    assert len(api.events.list({"types": ["customer.created", "product.created"]}).data) == 6
    assert len(api.events.list({"type": "product.*"}).data) == 3
    assert api.events.list({"types": ["price.created"]}).data == []


def test_events_page_like_all_lists(api, three):
    newest = api.events.list({"limit": 2})
    assert newest.has_more
    rest = api.events.list({"limit": 100, "starting_after": newest.data[-1].id})
    assert len(rest.data) == 4
    assert not {event.id for event in newest.data} & {event.id for event in rest.data}


def test_types_are_few_and_not_together_with_type(api):
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        api.events.list({"type": "customer.created", "types": ["customer.updated"]})
    with pytest.raises(stripe.InvalidRequestError, match="at most 20"):
        api.events.list({"types": ["customer.created"] * 21})


def test_an_event_shows_the_object_as_it_was(api, customer):
    api.customers.update(customer.id, {"name": "Later"})
    created = api.events.list({"type": "customer.created"}).data[0]
    assert created.data.object.name == "Acme"
    assert created.api_version == "2026-10-28.endive"
    assert created.request.idempotency_key is not None


def test_what_happens_by_itself_was_asked_by_no_one(api, customer, vendor):
    draft = api.invoices.create({"customer": customer.id, "currency": "eur", "auto_advance": True})
    api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 500})
    vendor.clock.move_to_offset(3700)
    api.balance.retrieve()
    event = api.events.list({"type": "invoice.finalized"}).data[0]
    assert (event.request.id, event.request.idempotency_key) == (None, None)


def test_events_are_kept_for_thirty_days(api, three, vendor):
    old = api.events.list({"limit": 1}).data[0]
    vendor.clock.move_to_offset(31 * 86_400)
    api.customers.create({})
    assert [event.type for event in api.events.list().data] == ["customer.created"]
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        api.events.retrieve(old.id)


def test_events_are_bounded_by_time(api, vendor):
    api.customers.create({"name": "old"})
    vendor.clock.move_to_offset(3600)
    recent = api.customers.create({"name": "new"})
    found = api.events.list({"created": {"gte": recent.created}}).data
    assert [event.data.object.id for event in found] == [recent.id]
