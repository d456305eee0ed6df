"""What the pages say of the world they are about: sums, stories, what is parked, exact documents, balances."""

import re

import pytest
from sqlalchemy import select, update

from core.kinds import Kind
from core.roles import Role
from core.store import audit, connections, schema
from core.store.reading import comparison, deliveries, waiting
from worker import compose


def invoice(world, name):
    (document,) = world.documents(Kind.INVOICE, name)
    return document


def test_the_overview_says_what_is_not_equal_and_why(reader):
    said = reader.words("/")
    assert "Not everything is equal" in said
    assert "1 document needs you" in said
    assert "not taken in" in said
    assert re.search(r"Invoice total USD 248\.64 248\.64 248\.64 0\.00|Invoice total USD (\S+) \1 \1 0\.00", said)


def test_the_comparison_names_each_document_that_is_not_equal(world, reader):
    said = reader.words("/comparison")
    parked = invoice(world, world.fox)
    assert parked.entity.number in said
    assert invoice(world, "Zoë").entity.number not in said.partition("Document by document")[2]


def test_the_comparison_names_each_month_that_does_not_tie(reader):
    said = reader.words("/comparison").partition("Month by month")[2].partition("Document by document")[0]
    assert re.search(r"\d totals of a month, by the documents' own dates, do not tie", said)
    assert re.search(r"[A-Z][a-z]{2} \d{4} Xero invoice total \d", said)


def test_a_document_that_somebody_changed_in_the_ledger_differs(world, reader):
    changed = invoice(world, "Zoë")
    standing, link = schema.standing, schema.link
    remote_ids = select(link.c.remote_id).where(link.c.record_id == changed.id)

    def set_due(minor):
        there = standing.c.remote_id.in_(remote_ids), standing.c.connection_id != origin
        world.hub.store.write(
            world.workspace_id,
            lambda work: work.connection.execute(update(standing).where(*there).values(due_minor=minor)),
        )

    with world.hub.store.read() as database:
        origin = database.execute(
            select(schema.record.c.origin_connection_id).where(schema.record.c.id == changed.id)
        ).scalar_one()
    set_due(77)
    try:
        said = reader.words("/comparison").partition("Document by document")[2]
        assert re.search(rf"{changed.entity.number} Xero differs total .* due 0\.00 EUR 0\.77 EUR", said)
        assert "0.77" in reader.words(f"/records/inv_{changed.id}")
    finally:
        set_due(0)


def test_a_payment_that_was_written_after_we_last_looked_is_to_be_confirmed(world):
    paid = invoice(world, "Zoë")
    standing, link, connection = schema.standing, schema.link, schema.connection

    def look(moment, due):
        here = select(link.c.remote_id).where(link.c.record_id == paid.id)
        ledgers = select(connection.c.id).where(connection.c.vendor == "xero")
        world.hub.store.write(
            world.workspace_id,
            lambda work: work.connection.execute(
                update(standing)
                .where(standing.c.remote_id.in_(here), standing.c.connection_id.in_(ledgers))
                .values(seen_at=moment, due_minor=due)
            ),
        )

    look(paid.created_at, 11695)
    try:
        assert state_of(world, paid) == ["to be confirmed"]
    finally:
        look(world.hub.clock.now(), 0)
    assert state_of(world, paid) == []


def state_of(world, document):

    with world.hub.store.read() as database:
        links = connections.connections(database, world.workspace_id)
        different = comparison.differences(database, world.workspace_id, links)
    return [one.state for one in different if one.record_id == document.id]


def test_a_documents_story_runs_from_the_message_to_every_copy_and_each_cent_has_its_cause(world, reader):
    paid = invoice(world, "Zoë")
    said = reader.words(f"/records/inv_{paid.id}")
    assert "116.95 EUR" in said
    assert "In every system" in said
    assert "1100 Accounts receivable 116.95 EUR" in said
    assert "2100 Output tax line 1" in said
    assert "what Stripe showed" in said
    story = said.partition("Its whole story")[2]
    steps = ["Stripe showed", "Revision 1 saved", "Owed to Xero: revision 1", "Sent to Xero", "Invoice written to Xero"]
    places = [story.index(step) for step in steps]
    assert places == sorted(places)


def test_what_was_shown_is_there_to_the_letter(world, reader):
    paid = invoice(world, "Zoë")
    links = re.findall(r'href="(/records/inv_\w+/shown/\w+)"', reader.get(f"/records/inv_{paid.id}").text)
    said = [reader.words(link) for link in dict.fromkeys(links)]
    assert any(f'"number": "{paid.entity.number}"' in one for one in said)
    assert any(f'"InvoiceNumber": "{paid.entity.number}"' in one for one in said)


def test_a_delivery_shows_the_exact_request_that_carried_it(world, reader):
    paid = invoice(world, "Zoë")
    said = reader.words(f"/deliveries/{paid.states[0].delivery_id}")
    with world.hub.store.read() as database:
        (carried,) = deliveries.carried(world.hub.store, database, world.workspace_id, paid.states[0].delivery_id)
    assert f'"InvoiceNumber": "{paid.entity.number}"' in said
    assert '"LineAmount": 74.97' in said
    assert " ".join(carried.body.decode().split()) in said
    assert f"{carried.push.method} {carried.push.path}" in said


def test_a_delivery_that_waits_says_for_what_and_a_parked_one_why(world, reader):
    parked = invoice(world, world.fox)
    said = reader.words(f"/deliveries/{parked.states[0].delivery_id}")
    assert "needs a tax code on Xero" in said
    assert "Nothing has been sent yet" in said


def test_what_has_not_left_shows_the_document_that_would_be_sent_now(world, reader, monkeypatch):
    parked = invoice(world, world.fox)
    page = f"/deliveries/{parked.states[0].delivery_id}"
    assert "Would be sent now" not in reader.words(page)
    lines = ({"income_account": "200", "tax_code": "RED"},)
    monkeypatch.setattr(compose, "choices", lambda *_, **__: ({}, lines))
    said = reader.words(page)
    assert "Would be sent now PUT /api.xro/2.0/Invoices" in said
    assert f'"InvoiceNumber": "{parked.entity.number}"' in said
    assert '"TaxType": "RED"' in said


def test_what_is_parked_is_grouped_by_cause_in_words(world, reader):
    said = reader.words("/parked")
    assert "A rule is missing" in said
    assert "An exchange rate is missing" in said
    assert invoice(world, world.fox).entity.number in said
    assert "A bookkeeper can enter the rate." in said
    with world.hub.store.read() as database:
        groups = waiting.groups(database, world.workspace_id)
        assert waiting.count(database, world.workspace_id) == sum(group.count for group in groups) == 2


def test_a_missing_rule_names_what_people_know_beside_the_ids_that_a_rule_asks_for(world, reader):
    for page in ("/", "/parked", f"/deliveries/{invoice(world, world.fox).states[0].delivery_id}"):
        assert re.search(r"price price_\w+ \([^)]+ EUR\), product prod_\w+ \(Archive storage\)", reader.words(page)), (
            page
        )


def test_a_bookkeeper_is_asked_for_each_rate_that_is_missing(world):
    bookkeeper = world.reader(role=Role.BOOKKEEPER)
    assert re.search(r"On \d+ \w+ \d{4}, 1 CHF was EUR source Enter the rate", bookkeeper.words("/parked"))
    [form] = re.findall(r'action="/parked/rate".*?</form>', bookkeeper.get("/parked").text, re.DOTALL)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', form))
    assert hidden["currency"] == "CHF"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", hidden["on"])


def test_a_rate_that_is_entered_is_kept_with_who_did_it_and_what_waited_for_it_goes_on(world):
    """In a workspace of its own: whatever waits for a rule or a rate is tried again."""
    bookkeeper = world.reader(role=Role.BOOKKEEPER, workspace_id=world.empty_id)
    bookkeeper.get("/parked")
    with world.hub.store.read() as database:
        links = connections.connections(database, world.empty_id)
    wanted = {"connection": links[0].id, "currency": "GBP", "on": "2020-02-29", "source": "ECB"}
    world.hub.bell.rung.clear()
    answer = bookkeeper.post("/parked/rate", **wanted, value="1,2")
    assert answer.status_code == 422
    assert "The rate cannot be used: value: is not a number such as 0.9312, with a point" in answer.text
    assert world.hub.bell.rung == []
    answer = bookkeeper.post("/parked/rate", **wanted, value=" 1.2 ")
    assert answer.status_code == 303
    assert "The rate is entered; what waited for it goes on now." in bookkeeper.words(answer.location)
    assert {(lane.connection_id, lane.purpose) for lane in world.hub.bell.rung} >= {
        (links[0].id, "ingest"),
        (links[1].id, "deliver"),
    }
    again = bookkeeper.post("/parked/rate", **wanted, value="1.3")
    assert "A rate of GBP on 2020-02-29 stands already, and entries may rest on it: 1.2 (ECB)." in again.text
    with world.hub.store.read() as database:
        [actor] = database.execute(select(schema.audit.c.actor).where(schema.audit.c.action == "rate set")).scalars()
    assert actor.startswith("user:")


@pytest.mark.parametrize("connection", ["", "01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_a_rate_is_entered_into_no_book_that_is_not_ones_own(world, connection):
    bookkeeper = world.reader(role=Role.BOOKKEEPER)
    bookkeeper.get("/parked")
    wanted = {"connection": connection, "currency": "GBP", "on": "2020-03-01", "value": "1", "source": "ECB"}
    assert bookkeeper.post("/parked/rate", **wanted).status_code == 404


@pytest.fixture
def refused(world):
    """The parked invoice, as if the ledger had refused it: retrying is what helps."""
    parked = invoice(world, world.fox)
    delivery = schema.delivery
    with world.hub.store.read() as database:
        before = database.execute(select(delivery).where(delivery.c.id == parked.states[0].delivery_id)).one()

    def put(**values):
        world.hub.store.write(
            world.workspace_id,
            lambda work: work.connection.execute(update(delivery).where(delivery.c.id == before.id).values(**values)),
        )

    words = '<b>"Archived" account</b>'
    params = {"connection": "Xero", "document": parked.name, "words": words}
    put(reason_code="refused", reason_params=params)
    yield before
    put(state=before.state, reason_code=before.reason_code, reason_params=before.reason_params)


def test_a_viewer_sees_what_is_refused_and_cannot_retry_it(world, reader, refused):
    page = reader.get("/parked")
    assert "&lt;b&gt;&#34;Archived&#34; account&lt;/b&gt;" in page.text
    assert "A bookkeeper can retry these." in page.text
    assert reader.post("/parked/retry", connection=refused.connection_id, code="refused").status_code == 403


def test_a_bookkeeper_retries_it_once_and_whoever_is_second_is_told(world, refused):
    one, other = world.reader(role=Role.BOOKKEEPER), world.reader(role=Role.BOOKKEEPER)
    world.hub.bell.rung.clear()
    assert "Retry 1 document" in one.words("/parked")
    other.get("/parked")
    answer = one.post("/parked/retry", connection=refused.connection_id, code="refused")
    assert answer.location == "/parked?released=1"
    assert "1 document will be tried again now" in one.words(answer.location)
    assert ("invoice", "deliver") in {(lane.kind, lane.purpose) for lane in world.hub.bell.rung}
    answer = other.post("/parked/retry", connection=refused.connection_id, code="refused")
    assert "somebody was quicker" in other.words(answer.location)
    with world.hub.store.read() as database:
        deeds = database.execute(
            select(schema.audit.c.actor).where(schema.audit.c.subject == refused.connection_id)
        ).scalars()
        assert [actor for actor in deeds if actor != audit.HUB and actor.startswith("user:")]


@pytest.fixture
def taken(world, refused):
    """The parked invoice, as if its number were somebody else's in the ledger."""
    delivery = schema.delivery
    code = {"reason_code": "number_taken", "reason_params": {"connection": "Xero", "number": "X-1"}}
    world.hub.store.write(
        world.workspace_id,
        lambda work: work.connection.execute(update(delivery).where(delivery.c.id == refused.id).values(**code)),
    )
    yield refused
    link, event = schema.link, schema.event
    world.hub.store.write(
        world.workspace_id,
        lambda work: [
            work.connection.execute(link.delete().where(link.c.remote_id == "theirs")),
            work.connection.execute(event.delete().where(event.c.type == "linked")),
        ],
    )


def test_a_bookkeeper_links_it_once_and_a_viewer_cannot(world, reader, taken):
    page = f"/deliveries/{taken.id}"
    assert "Its id at Xero" not in reader.words(page)
    assert reader.post(f"{page}/link", remote_id="theirs").status_code == 403
    bookkeeper = world.reader(role=Role.BOOKKEEPER)
    assert "Its id at Xero" in bookkeeper.words(page)
    assert "open the document" in bookkeeper.words("/parked")
    world.hub.bell.rung.clear()
    answer = bookkeeper.post(f"{page}/link", remote_id=" theirs ")
    assert "It is looked up there now" in bookkeeper.words(answer.location)
    assert ("invoice", "ingest") in {(lane.kind, lane.purpose) for lane in world.hub.bell.rung}
    again = bookkeeper.post(f"{page}/link", remote_id="theirs")
    assert "It was not linked" in bookkeeper.words(again.location)


def test_what_was_stored_otherwise_alone_offers_to_be_accepted(world, taken):
    bookkeeper = world.reader(role=Role.BOOKKEEPER)
    page = f"/deliveries/{taken.id}"
    assert "Accept what is there" not in bookkeeper.words(page)
    answer = bookkeeper.post(f"{page}/accept")
    assert "Nothing was left to accept" in bookkeeper.words(answer.location)


@pytest.mark.parametrize(
    "form",
    [
        {"code": "slot_unmapped"},
        {"code": "refused", "connection": "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
        {"code": "refused", "connection": ""},
        {"code": "nonsense"},
        {},
    ],
)
def test_only_a_cause_that_retrying_mends_is_retried(world, refused, form):
    person = world.reader(role=Role.BOOKKEEPER)
    person.get("/parked")
    assert person.post("/parked/retry", **({"connection": refused.connection_id} | form)).status_code == 404


def test_a_connection_of_another_workspace_is_not_retried(world, refused):
    stranger = world.reader(role=Role.BOOKKEEPER, workspace_id=world.elsewhere_id)
    stranger.get("/")
    assert stranger.post("/parked/retry", connection=refused.connection_id, code="refused").status_code == 404


def test_the_trial_balance_is_in_balance_on_any_day_and_leads_to_the_documents(world, reader):
    page = reader.get("/trial-balance")
    assert "in balance" in reader.words("/trial-balance")
    assert "Nothing is posted up to that day" in reader.words("/trial-balance?until=2020-01-01")
    assert "is not a day" in reader.words("/trial-balance?until=yesterday")
    revenue = re.search(r'href="(/trial-balance/\w+/4000/EUR)"', page.text)[1]
    said = reader.words(revenue)
    assert f"Invoice {invoice(world, 'Zoë').entity.number}" in said
    assert reader.get(f"{revenue}?before=nonsense").status_code == 404


def test_an_account_has_pages_too(world, reader, monkeypatch):
    from core.store.reading import account

    monkeypatch.setattr(account, "PAGE", 3)
    revenue = re.search(r'href="(/trial-balance/\w+/4000/EUR)"', reader.get("/trial-balance").text)[1]
    path, seen = revenue, []
    while path:
        page = reader.get(path)
        rows = re.findall(r"<tr><td>.*?</tr>", page.text)
        assert 0 < len(rows) <= 3
        seen += rows
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = older[1] if older else ""
    assert len(seen) > 6


def test_connections_say_how_they_are_and_what_is_used_of_their_budget(world, reader):
    said = reader.words("/connections")
    assert "Xero connected" in said
    assert "of 60 calls in 60 seconds" in said
    assert "Europe/Berlin" in said


def test_a_paused_connection_says_why(world, reader):

    with world.hub.store.read() as database:
        link = connections.connections(database, world.workspace_id)[-1]
    world.hub.store.write(world.workspace_id, lambda work: connections.pause(work, link.id, "Connect <Xero> again."))
    try:
        assert "paused" in reader.words("/connections")
        assert "Connect <Xero> again." in reader.words("/")
        assert "Connect &lt;Xero&gt; again." in reader.get("/").text
    finally:
        world.hub.store.write(world.workspace_id, lambda work: connections.resume(work, link.id))


def test_the_days_flow_counts_what_came_and_what_went(world, reader):
    page = reader.get("/").text
    told = int(re.search(r"([\d,]+) messages? in", page)[1].replace(",", ""))
    written = int(re.search(r"([\d,]+) documents? written", page)[1].replace(",", ""))
    with world.hub.store.read() as database:
        events = database.execute(select(schema.event.c.id).where(schema.event.c.workspace_id == world.workspace_id))
        assert told == len(events.all())
        sent = database.execute(
            select(schema.push_member).where(schema.push_member.c.workspace_id == world.workspace_id)
        )
        assert written == len(sent.all())


def test_what_a_closed_period_holds_is_told_and_asks_nothing_of_anybody(world, reader):
    delivery = schema.delivery
    delivered = invoice(world, "Zoë").states[0].delivery_id
    reason = {"document": "invoice Z-1", "on": "2026-01-31", "lock": "2026-03-31", "connection": "Xero"}

    def put(**values):
        world.hub.store.write(
            world.workspace_id,
            lambda work: work.connection.execute(update(delivery).where(delivery.c.id == delivered).values(**values)),
        )

    put(state="waiting", reason_code="period_locked", reason_params=reason)
    try:
        said = reader.words("/parked")
    finally:
        put(state="delivered", reason_code=None, reason_params=None)
    assert "Held Goes by itself when its time has come. 1 The period is closed there Xero" in said
    assert "Nothing waits for you" not in said
    assert "Invoice Z-1 is dated 2026-01-31, and Xero is closed up to 2026-03-31" in said
