"""The search: Stripe's query language, its pages, and that it does not know of anything at once."""

import pytest
import stripe


@pytest.fixture
def later(vendor):
    """Time goes on, so that the search knows of what there is."""
    moved = [0]

    def go_on(seconds=61):
        moved[0] += seconds
        vendor.clock.move_to_offset(moved[0])

    return go_on


@pytest.fixture
def names(api):
    """The names of the customers that a query finds, in order."""

    def found(query, **params):
        return [one.name for one in api.customers.search({"query": query, **params}).data]

    return found


@pytest.fixture
def three(api, later):
    for name, email, plan in (("Ada", "ada@books.example", "gold"), ("Bert", "b@books.example", ""), ("Cleo", "", "")):
        api.customers.create({"name": name, "metadata": {"plan": plan}, **({"email": email} if email else {})})
    later()


def test_what_is_asked_for_is_found(api, customer, later):
    product = api.products.create({"name": "Handbook"})
    price = api.prices.create({"product": product.id, "currency": "eur", "unit_amount": 500, "lookup_key": "handbook"})
    invoice = api.invoices.create({"customer": customer.id, "currency": "eur", "metadata": {"hub": "in_1"}})
    api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 1500, "currency": "eur"})
    paid = api.invoices.pay(invoice.id)
    recurring = {"interval": "month"}
    monthly = api.prices.create({"product": product.id, "currency": "eur", "unit_amount": 900, "recurring": recurring})
    subscription = api.subscriptions.create({"customer": customer.id, "items": [{"price": monthly.id}]})
    later()

    def ids(found):
        return [one.id for one in found.data]

    assert ids(api.products.search({"query": "name~'handb' AND active:'true'"})) == [product.id]
    assert ids(api.prices.search({"query": "lookup_key:'handbook'"})) == [price.id]
    assert ids(api.invoices.search({"query": "total>1000 metadata['hub']:'in_1'"})) == [invoice.id]
    assert ids(api.invoices.search({"query": f"number:'{paid.number}'"})) == [invoice.id]
    assert len(ids(api.invoices.search({"query": f"subscription:'{subscription.id}'"}))) == 1
    assert len(ids(api.charges.search({"query": f"customer:'{customer.id}' AND amount=1500"}))) == 1
    assert len(ids(api.charges.search({"query": "payment_method_details.card.last4:4242"}))) == 2
    assert len(ids(api.payment_intents.search({"query": "status:'succeeded' AND currency:'eur'"}))) == 2
    assert ids(api.subscriptions.search({"query": "status:'active'"})) == [subscription.id]


@pytest.mark.usefixtures("three")
def test_whole_values_are_compared_without_regard_to_case(names):
    assert names('name:"ada"') == ["Ada"]
    assert names("email:'ADA@books.example'") == ["Ada"]
    assert names("name:'Ad'") == []


@pytest.mark.usefixtures("three")
def test_a_part_of_a_text_is_found_by_three_characters_or_more(names):
    assert names("email~'books'") == ["Bert", "Ada"]
    for query in ("email~'bo'", "created~'100'"):
        with pytest.raises(stripe.InvalidRequestError, match="at least 3 characters"):
            names(query)


@pytest.mark.usefixtures("three")
def test_numbers_are_compared(api, names):
    created = api.customers.list({"limit": 1}).data[0].created
    assert len(names(f"created<={created}")) == 3
    assert names(f"created>{created}") == []
    assert len(names(f"created>={created}")) >= 1
    assert len(names(f"created<{created}")) < 3
    for query in ("name>5", "created>'A'"):
        with pytest.raises(stripe.InvalidRequestError, match="compares numbers"):
            names(query)


@pytest.mark.usefixtures("three")
def test_a_clause_is_turned_round_and_nothing_is_a_value(names):
    assert names("-name:'Ada'") == ["Cleo", "Bert"]
    assert names("email:null") == ["Cleo"]
    assert names('-metadata["plan"]:null') == ["Ada"]


@pytest.mark.usefixtures("three")
def test_clauses_are_joined_by_and_or_by_or(names):
    assert names("email~'books' AND metadata['plan']:'gold'") == ["Ada"]
    assert names("email~'books' metadata['plan']:'gold'") == ["Ada"]
    assert names("name:'Ada' or name:'Cleo'") == ["Cleo", "Ada"]
    with pytest.raises(stripe.InvalidRequestError, match="not by both"):
        names("name:'Ada' OR name:'Cleo' AND email~'books'")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("shoe:'42'", "Field `shoe` is an unsupported search field for resource `customers`"),
        ("name", "unable to parse"),
        ("AND name:'Ada'", "unable to parse"),
        ("name:'Ada", "unable to parse"),
        (" ".join(["name:'Ada'"] * 11), "at most 10 clauses"),
        (" ", "at least one clause"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(names, query, words):
    with pytest.raises(stripe.InvalidRequestError, match=words) as refused:
        names(query)
    assert refused.value.param == "query"


def test_pages_follow_one_another(api, later):
    for number in range(5):
        api.customers.create({"name": f"Customer {number}"})
    later()
    first = api.customers.search({"query": "name~'customer'", "limit": 2})
    assert ([one.name for one in first.data], first.has_more) == (["Customer 4", "Customer 3"], True)
    second = api.customers.search({"query": "name~'customer'", "limit": 2, "page": first.next_page})
    assert [one.name for one in second.data] == ["Customer 2", "Customer 1"]
    walked = [one.name for one in first.auto_paging_iter()]
    assert walked == [f"Customer {number}" for number in (4, 3, 2, 1, 0)]
    last = api.customers.search({"query": "name~'customer'", "limit": 5})
    assert (last.has_more, last.next_page) == (False, None)
    with pytest.raises(stripe.InvalidRequestError, match="no next_page"):
        api.customers.search({"query": "name~'customer'", "page": "elsewhere"})


def test_what_was_just_made_or_changed_is_not_found_at_once(api, names, later):
    customer = api.customers.create({"name": "Early Bird"})
    assert names("name:'Early Bird'") == []
    later()
    assert names("name:'Early Bird'") == ["Early Bird"]
    api.customers.update(customer.id, {"name": "Late Bird"})
    assert names("name:'Late Bird'") == []
    later()
    assert names("name:'Late Bird'") == ["Late Bird"]
    api.customers.delete(customer.id)
    assert names("name:'Late Bird'") == []
