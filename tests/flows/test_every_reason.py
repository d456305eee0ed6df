"""Every reason that stands in the table is one that a document really gets, with a sentence that misses nothing."""

import copy
import json

import pytest

from connectors.stripe.client import StripeClient
from core.reasons import Reason, ReasonCode
from core.store import parked, schema
from worker import decisions, safety_stop
from worker import deliver as delivering
from worker.pull import WHOLE_EVERY

EVERYTHING = {
    "slots": {
        "income_account": [{"use": "200"}],
        "tax_code": [{"when": {"tax": "19"}, "use": "OUTPUT"}, {"use": "NONE"}],
        "clearing_account": [{"use": "1200"}],
        "refunds_to_classify": [{"use": "1250"}],
    }
}
DINARS = [{"currency": "KWD", "on": "2020-01-01", "value": "2.985", "source": "test"}]


@pytest.fixture
def story(outside, open_hub, monkeypatch):
    return Story(outside, open_hub, monkeypatch)


class Story:
    """What the ways to a reason are told with."""

    def __init__(self, outside, open_hub, monkeypatch):
        self.outside = outside
        self._open = open_hub
        self._monkeypatch = monkeypatch
        self._hub = None

    def with_hub(self, **wanted):
        self._hub = self._open(**wanted)
        return self._hub

    @property
    def hub(self):
        return self._hub or self.with_hub()

    def told(self, survives=()):
        self.hub.tell_all()
        self.hub.work(survives=survives)

    def retold(self, kind, change):
        """Stripe tells of one kind of object otherwise: `change` is made to its rows wherever they are told."""
        ask = StripeClient.ask

        def asked(client, path):
            row = copy.deepcopy(ask(client, path))
            for one in within(row):
                if one.get("object") == kind:
                    change(one)
            return row

        self._monkeypatch.setattr(StripeClient, "ask", asked)

    def answered(self, match, body, status=200):
        """Xero answers a write in these words, and does nothing."""
        self.outside.fail(
            "xero", {"match": match, "fault": "refuse", "status": status, "body": json.dumps(body), "times": 9}
        )

    def crashing(self):
        def compose(*_):
            raise RuntimeError("it cannot be composed")

        self._monkeypatch.setattr(delivering, "compose", compose)

    def days(self, count):
        """Everything is read from the beginning on each; what happens meanwhile, nobody tells."""
        self._monkeypatch.setattr("connectors.stripe.client.notifications", lambda _: [])
        for _ in range(count):
            self.hub.pull()
            self.hub.clock.sleep(WHOLE_EVERY.total_seconds() + 1)

    def few(self):
        """Every change is one too many."""
        self._monkeypatch.setattr(safety_stop, "FEW", 0)

    def reasons(self):
        with self.hub.store.read() as database:
            causes = [
                *parked.by_cause(database, self.hub.workspace_id),
                *parked.held_by_cause(database, self.hub.workspace_id),
            ]
        return {ReasonCode(cause.code): Reason(ReasonCode(cause.code), cause.params).sentence() for cause in causes}


def within(row):
    """Every object in an answer, itself included."""
    if isinstance(row, dict):
        yield row
    for inner in row.values() if isinstance(row, dict) else row if isinstance(row, list) else ():
        yield from within(inner)


def changed(**fields):
    return lambda row: row.update(fields)


# --- the bookkeeper's choices ----------------------------------------------------------------------------------------


def no_rule(story):
    story.with_hub(rulebook={"slots": {}})
    story.outside.sell()
    story.told()


def no_rate(story):
    story.with_hub(rates=[])
    story.outside.sell(currency="usd", tax="")
    story.told()


def an_account_that_is_none(story):
    story.with_hub(rulebook={"slots": {**EVERYTHING["slots"], "income_account": [{"use": "999"}]}})
    story.outside.sell()
    story.told()


# --- money -----------------------------------------------------------------------------------------------------------


def a_currency_that_is_none(story):
    story.outside.sell()
    story.retold("invoice", changed(currency="xyz"))
    story.told()


def a_currency_that_is_not_kept(story):
    story.with_hub(rulebook=EVERYTHING, rates=DINARS)
    story.outside.sell(currency="kwd", tax="", postage=330)
    story.told()


def dinars(story):
    story.outside.xero("PUT", "Currencies", {"Code": "KWD"})
    story.with_hub(rulebook=EVERYTHING, rates=DINARS)


def a_third_decimal(story):
    """Stripe rounds to ten fils; what if it one day does not?"""
    dinars(story)
    invoice = story.outside.invoice(story.outside.customer(), currency="kwd", tax="", postage=330)

    def a_fils_more(row):
        row["total"] = invoice["total"] + 1
        row["lines"]["data"][0]["amount"] += 1

    story.retold("invoice", a_fils_more)
    story.told()


def a_settled_amount_between_two_rates(story):
    dinars(story)
    story.outside.sell(currency="kwd", tax="", postage=330, quantity=19999)
    story.told()


def a_credit_note_below_nothing(story):
    invoice = story.outside.invoice(story.outside.customer())
    story.outside.stripe.create("credit_notes", invoice=invoice["id"], amount=1000)

    def negate(row):
        for name in ("total", "pre_payment_amount"):
            row[name] = -row[name]
        for line in row["lines"]["data"]:
            line["amount"] = -line["amount"]

    story.retold("credit_note", negate)
    story.told()


def lines_that_miss_a_cent(story):
    invoice = story.outside.sell()
    story.retold("invoice", changed(total=invoice["total"] + 1))
    story.told()


def credit_by_hand(story):
    customer = story.outside.customer()
    story.outside.stripe.create(f"customers/{customer['id']}/balance_transactions", amount=-500, currency="eur")
    story.outside.invoice(customer)
    story.told()


def refund(story, **fields):
    story.outside.sell()
    (intent,) = story.outside.stripe.all("payment_intents")
    made = story.outside.stripe.create("refunds", payment_intent=intent["id"], amount=1000)
    story.retold("refund", changed(**fields))
    return made


def a_refund_on_its_way(story):
    made = refund(story, balance_transaction=None, status="pending")
    (invoice,) = story.outside.stripe.all("invoices")
    linked = [{"refund": made["id"], "amount_refunded": 1000}]
    story.outside.stripe.create("credit_notes", invoice=invoice["id"], amount=1000, refunds=linked)
    story.told()


def a_refund_of_nobody(story):
    refund(story, customer=None, charge="ch_of_nobody")
    story.told()


# --- what Xero says --------------------------------------------------------------------------------------------------


def a_contact_that_was_archived(story):
    customer = story.outside.customer()
    story.outside.sell(customer)
    story.told()
    [contact] = story.outside.xero("GET", "Contacts?page=1")["Contacts"]
    archived = {"ContactID": contact["ContactID"], "ContactStatus": "ARCHIVED"}
    story.outside.xero("POST", "Contacts", {"Contacts": [archived]})
    story.outside.sell(customer)
    story.told()


def another_total(story):
    invoice = story.outside.invoice(story.outside.customer())
    stored = {
        "Type": "ACCREC",
        "InvoiceID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87",
        "InvoiceNumber": invoice["number"],
        "Reference": invoice["id"],
        "Status": "AUTHORISED",
        "Total": 1,
    }
    story.answered("PUT /api.xro/2.0/Invoices*", {"Invoices": [stored]})
    story.told()


def a_name_of_somebody_else(story):
    story.outside.xero("PUT", "Contacts", {"Contacts": [{"Name": "Taken GmbH"}]})
    story.outside.sell(story.outside.customer("Taken GmbH"))
    story.told()


def a_link_to_nothing(story):
    a_name_of_somebody_else(story)
    delivery = schema.delivery
    [parked] = [row for row in story.hub.rows(delivery, delivery.c.id, delivery.c.state) if row.state == "parked"]
    nothing = "5f0a2b9e-0000-4000-8000-000000000000"
    assert decisions.link(story.hub.hub, story.hub.workspace_id, parked.id, nothing, "user:test")
    story.hub.work()


def a_number_of_somebody_else(story):
    invoice = story.outside.sell()
    (contact,) = story.outside.xero("PUT", "Contacts", {"Contacts": [{"Name": "Somebody"}]})["Contacts"]
    theirs = {
        "Type": "ACCREC",
        "Contact": {"ContactID": contact["ContactID"]},
        "InvoiceNumber": invoice["number"],
        "LineItems": [{"Description": "theirs", "UnitAmount": 1}],
    }
    story.outside.xero("PUT", "Invoices", {"Invoices": [theirs]})
    story.told()


def a_payment_by_hand_on_what_is_voided(story):
    invoice = story.outside.invoice(story.outside.customer())
    story.told()
    [there] = story.outside.xero("GET", "Invoices?page=1")["Invoices"]
    paid = {"Invoice": {"InvoiceID": there["InvoiceID"]}, "Account": {"Code": "1300"}, "Date": "2026-03-01"}
    story.outside.xero("PUT", "Payments", {"Payments": [{**paid, "Amount": 1}]})
    story.outside.stripe.create(f"invoices/{invoice['id']}/void")
    story.told()


def closed_books(story):
    story.outside._admin("POST", "xero", "organisation", {"period_lock_date": "2099-01-31"})
    story.outside.sell()
    story.told()


def a_plain_no(story):
    story.answered("PUT /api.xro/2.0/Invoices*", {"Message": "No."}, status=400)
    story.outside.sell()
    story.told()


def an_answer_without_what_was_sent(story):
    story.answered("PUT /api.xro/2.0/Invoices*", {"Invoices": []})
    story.outside.sell()
    story.told()


# --- what Stripe says ------------------------------------------------------------------------------------------------


def a_body_that_is_no_json(story):
    story.hub.post(b"{", story.outside.line["stripe"]["webhook_secret"])


def a_status_that_nobody_knows(story):
    story.outside.sell()
    story.retold("invoice", changed(status="pondering"))
    story.told()


def one_event_told_in_two_ways(story):
    story.outside.sell()
    event = next(one for one in story.outside.events() if one["type"] == "invoice.finalized")
    story.hub.tell(event)
    story.hub.tell({**event, "type": "invoice.paid"})
    story.hub.work()


def an_account_that_nobody_connected(story):
    story.outside.sell()
    event = story.outside.events()[-1]
    story.hub.tell({**event, "id": "evt_of_another", "account": "acct_of_another"})
    story.hub.work()


def an_invoice_that_is_not_there(story):
    story.outside.sell()
    event = next(one for one in story.outside.events() if one["type"] == "invoice.finalized")
    gone = {**event["data"]["object"], "id": "in_that_is_not_there"}
    story.hub.tell({**event, "id": "evt_of_nothing", "data": {"object": gone}})
    story.hub.work()


def an_item_that_somebody_took_away(story):
    story.outside.sell()
    story.days(1)
    story.outside.delete_item(story.outside.xero("GET", "Items")["Items"][0]["ItemID"])
    story.days(2)


def very_many_that_are_missing(story):
    story.few()
    customer = story.outside.customer()
    # who bought nothing is not in the first import, but in what is read a day later
    story.days(2)
    story.outside.delete_customer(customer)
    story.days(2)


def very_many_that_changed(story):
    story.few()
    customer = story.outside.customer()
    story.outside.sell(customer)
    story.told()
    story.outside.stripe.create(f"customers/{customer['id']}", name="Another Name")
    story.told()


def work_that_stops(story):
    story.outside.sell()
    story.crashing()
    story.told(survives=(RuntimeError,))


WAYS = {
    ReasonCode.SLOT_UNMAPPED: no_rule,
    ReasonCode.RATE_MISSING: no_rate,
    ReasonCode.UNKNOWN_CURRENCY: a_currency_that_is_none,
    ReasonCode.CURRENCY_NOT_IN_LEDGER: a_currency_that_is_not_kept,
    ReasonCode.THIRD_DECIMAL: a_third_decimal,
    ReasonCode.NEGATIVE_TOTAL: a_credit_note_below_nothing,
    ReasonCode.CREDIT_UNEXPLAINED: credit_by_hand,
    ReasonCode.TOTALS_DIFFER: lines_that_miss_a_cent,
    ReasonCode.RATE_TOO_COARSE: a_settled_amount_between_two_rates,
    ReasonCode.NOT_MOVED_YET: a_refund_on_its_way,
    ReasonCode.CONTACT_MISSING: a_refund_of_nobody,
    ReasonCode.CONTACT_ARCHIVED: a_contact_that_was_archived,
    ReasonCode.STORED_DIFFERENTLY: another_total,
    ReasonCode.NAME_TAKEN: a_name_of_somebody_else,
    ReasonCode.NUMBER_TAKEN: a_number_of_somebody_else,
    ReasonCode.ACCOUNT_NOT_USABLE: an_account_that_is_none,
    ReasonCode.NOT_CHANGEABLE: a_payment_by_hand_on_what_is_voided,
    ReasonCode.PERIOD_LOCKED: closed_books,
    ReasonCode.MASS_CHANGE: very_many_that_changed,
    ReasonCode.MASS_ABSENCE: very_many_that_are_missing,
    ReasonCode.GONE_THERE: an_item_that_somebody_took_away,
    ReasonCode.NOT_LINKED: a_link_to_nothing,
    ReasonCode.REFUSED: a_plain_no,
    ReasonCode.UNREADABLE_BODY: a_body_that_is_no_json,
    ReasonCode.UNREADABLE_ROW: a_status_that_nobody_knows,
    ReasonCode.SAME_ID_OTHER_BODY: one_event_told_in_two_ways,
    ReasonCode.FOREIGN_ACCOUNT: an_account_that_nobody_connected,
    ReasonCode.MISSING_THERE: an_invoice_that_is_not_there,
    ReasonCode.CRASHED: work_that_stops,
    ReasonCode.CONTRACT_BROKEN: an_answer_without_what_was_sent,
}


@pytest.mark.parametrize("code", ReasonCode)
def test_a_document_really_gets_it_and_its_sentence_misses_nothing(story, code):
    WAYS[code](story)
    told = story.reasons()
    assert code in told, told
    assert "(no " not in told[code]
