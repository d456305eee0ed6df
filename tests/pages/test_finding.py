"""Finding a record by what people have in hand, and going through long lists."""

import re
from decimal import Decimal

import pytest

from core.kinds import Kind
from core.store.reading.documents import amounts
from core.store.reading.people import search


def found(world, kind, text):
    return [one.name for one in world.documents(kind, text)]


@pytest.fixture(scope="module")
def sold(world):
    """An invoice to Zoë Bäckerei of 116.95 EUR."""
    (document,) = world.documents(Kind.INVOICE, "Zoë Bäckerei")
    return document


@pytest.mark.parametrize("text", ["zoe backerei", "BÄCKEREI", "bäck zoë", "  Zoë  "])
def test_an_invoice_is_found_by_its_customer_whatever_the_case_and_accents(world, sold, text):
    assert sold.name in found(world, Kind.INVOICE, text)


def test_an_invoice_is_found_by_its_number_whole_or_in_part(world, sold):
    number = sold.entity.number
    assert found(world, Kind.INVOICE, number) == [sold.name]
    assert sold.name in found(world, Kind.INVOICE, number[:6].lower())


@pytest.mark.parametrize("text", ["116.95", "116,95", "116.95 EUR", "eur 116.95", " 116.95 "])
def test_an_invoice_is_found_by_its_amount(world, sold, text):
    assert found(world, Kind.INVOICE, text) == [sold.name]


def test_a_payment_is_found_by_amount_and_customer(world, sold):
    (payment,) = world.documents(Kind.PAYMENT, "116.95")
    assert found(world, Kind.PAYMENT, "Bäckerei") == [payment.name]


def test_any_id_finds_the_record_ours_the_origins_and_every_copys(world, reader, sold):
    ids = re.findall(r'<code class="id">([\w-]+)</code>', reader.get(f"/records/inv_{sold.id}").text)
    assert len(set(ids)) >= 3
    assert {
        tuple(found(world, Kind.INVOICE, text)) for text in (f"inv_{sold.id}", sold.id.lower(), sold.origin_id)
    } == {(sold.name,)}
    remote = [text for text in ids if re.fullmatch(r"[0-9a-f-]{36}", text)]
    assert found(world, Kind.INVOICE, remote[0].upper()) == [sold.name]


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%", "_", "%%%%", "\\", "\x00", "9" * 90, "1e9", "-", ".", "€"])
def test_a_search_is_only_ever_text(reader, text):
    assert "Nothing fits" in reader.words(f"/records?q={text.replace('%', '%25')}qqq")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1,234.50", {"1234.50"}),
        ("1.234,50", {"1234.50"}),
        ("1234.5", {"1234.5"}),
        ("1,234", {"1234", "1.234"}),
        ("1,234,567", {"1234567"}),
        ("48000", {"48000"}),
        ("48.000 JPY", {"48000", "48"}),
        ("EUR", set()),
        ("invoice 12", set()),
        (".", set()),
        ("", set()),
        ("12345678901234567890", set()),
    ],
)
def test_an_amount_is_understood_as_people_write_it(text, meant):
    assert amounts(text) == {Decimal(one) for one in meant}


def test_a_long_list_has_pages_that_lead_on_and_back(world):
    person = world.reader(workspace_id=world.elsewhere_id)
    path, seen = "/records?kind=customer", []
    for _ in range(3):
        page = person.get(path)
        rows = re.findall(r'href="(/records/cus_\w+)"', page.text)
        seen += rows
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert (len(seen), len(set(seen)), path) == (120, 120, "")
    assert ">Newest</a>" in page.text


def test_a_search_leads_on_within_what_it_found(world):
    person = world.reader(workspace_id=world.elsewhere_id)
    first = person.get("/records?kind=customer&q=customer")
    older = re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    assert "q=customer" in older
    assert set(re.findall(r"/records/cus_\w+", person.get(older).text)).isdisjoint(
        re.findall(r"/records/cus_\w+", first.text)
    )


def test_names_are_looked_through_a_bounded_number_at_a_time(world, monkeypatch):
    from core.store.reading import people

    monkeypatch.setattr(people, "_OPENED_MAX", 50)
    store = world.hub.store
    with store.read() as database:
        first = search(store, database, world.elsewhere_id, "angstrom celik", None)
        second = search(store, database, world.elsewhere_id, "angstrom celik", first.older)
        third = search(store, database, world.elsewhere_id, "angstrom celik", second.older)
    assert [len(one.record_ids) for one in (first, second, third)] == [0, 0, 1]
    assert third.older is None
    person = world.reader(workspace_id=world.elsewhere_id)
    assert "customers were looked through" in person.words("/records?kind=customer&q=angstrom")
