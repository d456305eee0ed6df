"""Customer credit: given by negative invoices and credit notes, used by later invoices, the same in all books."""

from collections import Counter

import pytest
from outside import TAXES

from core.accounts import AccountRole
from core.store import ledger
from core.store.reading import comparison

RECEIVABLE, CREDIT = AccountRole.RECEIVABLE, AccountRole.CUSTOMER_CREDIT


@pytest.fixture
def shop(outside, hub):
    return Shop(outside, hub)


class Shop:
    """One customer, and what is written for them at both ends."""

    def __init__(self, outside, hub):
        self.outside = outside
        self.hub = hub
        self.customer = outside.customer()

    def bill(self, *amounts, tax="19", finalize=True):
        stripe = self.outside.stripe
        rates = [self.outside._once("tax_rates", display_name="VAT", inclusive=False, **TAXES[tax])] if tax else []
        invoice = stripe.create(
            "invoices",
            customer=self.customer["id"],
            currency="eur",
            default_payment_method=self.customer["card"],
            auto_advance=False,
            default_tax_rates=rates,
        )
        for amount in amounts:
            stripe.create(
                "invoiceitems",
                customer=self.customer["id"],
                invoice=invoice["id"],
                amount=amount,
                currency="eur",
                description="Remaining time" if amount > 0 else "Unused time",
            )
        return stripe.create(f"invoices/{invoice['id']}/finalize") if finalize else invoice

    def pay(self, invoice):
        return self.outside.pay(invoice)

    def adjust(self, amount):
        self.outside.stripe.create(
            f"customers/{self.customer['id']}/balance_transactions", amount=amount, currency="eur"
        )

    def told(self):
        self.hub.tell_all()
        self.hub.work()

    def settled(self):
        self.told()
        assert self.hub.open_work() == {}, self.hub.sentences()

    def balance(self):
        """(receivable, customer credit) in the hub."""
        xero = self.hub.connection("Xero")
        with self.hub.store.read() as database:
            held = ledger.balances(database, self.hub.workspace_id, xero.book_id, None)
        found = {row.role: row.amount_minor for row in held}
        return found.get(RECEIVABLE, 0), found.get(CREDIT, 0)

    def invoices(self):
        rows = self.outside.xero("GET", "Invoices?page=1")["Invoices"]
        return {row["InvoiceNumber"]: (row["Status"], row["AmountDue"], row["AmountCredited"]) for row in rows}

    def credits(self):
        rows = self.outside.xero("GET", "CreditNotes?page=1")["CreditNotes"]
        return {
            row["CreditNoteNumber"]: (row["Total"], row["TotalTax"], row["RemainingCredit"])
            for row in rows
            if row["Status"] != "VOIDED"
        }

    def ties(self):
        """What the ledger's receivable control holds, in minor units, is what the hub says: F4."""
        due = sum(round(due * 100) for status, due, _ in self.invoices().values() if status != "VOIDED")
        left = sum(round(rest * 100) for _, _, rest in self.credits().values())
        return due - left == sum(self.balance())


def test_a_downgrade_that_gives_back_more_than_it_costs_is_a_credit_note_of_the_invoices_number(shop):
    """Worked case 11: unused B -14.00, A 7.00; net -7.00, VAT -1.33."""
    invoice = shop.bill(-1400, 700)
    shop.settled()
    assert (invoice["total"], invoice["ending_balance"]) == (-833, -833)
    assert shop.invoices() == {}
    assert shop.credits() == {invoice["number"]: (8.33, 1.33, 8.33)}
    [note] = shop.outside.xero("GET", "CreditNotes?page=1")["CreditNotes"]
    lines = [(line["LineAmount"], line["TaxAmount"]) for line in note["LineItems"]]
    assert sorted(lines) == [(-7.0, -1.33), (14.0, 2.66)]
    assert shop.balance() == (0, -833)
    assert shop.ties()


def test_credit_lowers_the_next_invoice_which_is_paid_for_the_rest(shop):
    shop.pay(shop.bill(3100))
    given = shop.bill(-1400, 700)
    used = shop.bill(5000)
    assert used["amount_due"] == 5950 - 833
    shop.settled()
    assert shop.credits()[given["number"]][2] == 0
    assert shop.invoices()[used["number"]] == ("AUTHORISED", 51.17, 8.33)
    assert shop.balance() == (5117, 0)
    shop.pay(used)
    shop.settled()
    assert shop.invoices()[used["number"]] == ("PAID", 0, 8.33)
    assert shop.balance() == (0, 0)
    assert shop.ties()


def test_an_invoice_that_credit_covers_whole_is_paid_without_a_payment_and_the_rest_is_kept(shop):
    given, used = shop.bill(-10000), shop.bill(5000)
    assert (used["status"], used["amount_due"]) == ("paid", 0)
    shop.settled()
    assert shop.invoices() == {used["number"]: ("PAID", 0, 59.5)}
    assert shop.credits() == {given["number"]: (119, 19, 59.5)}
    assert shop.balance() == (0, -5950)
    assert shop.ties()
    assert shop.outside.xero("GET", "Payments?page=1")["Payments"] == []


def test_credit_is_used_in_the_order_in_which_it_was_given(shop):
    first, second = shop.bill(-1000, tax=""), shop.bill(-2000, tax="")
    used = shop.bill(2500, tax="")
    shop.settled()
    assert shop.credits() == {first["number"]: (10, 0, 0), second["number"]: (20, 0, 5)}
    assert shop.invoices() == {used["number"]: ("PAID", 0, 25)}
    assert shop.ties()


@pytest.mark.parametrize("backwards", [False, True])
def test_the_order_in_which_it_is_told_does_not_matter(shop, backwards):
    shop.bill(-1000, tax="")
    shop.bill(-2000, tax="")
    shop.bill(2500, tax="")
    shop.bill(900, tax="")
    told = shop.outside.events()
    for event in reversed(told) if backwards else told:
        shop.hub.tell(event)
        shop.hub.work()
    assert shop.hub.open_work() == {}, shop.hub.sentences()
    assert Counter(shop.credits().values()) == {(10, 0, 0): 1, (20, 0, 0): 1}
    assert sorted(shop.invoices().values()) == [("AUTHORISED", 4, 5), ("PAID", 0, 25)]
    assert shop.balance() == (400, 0)
    assert shop.ties()


def test_what_a_credit_note_leaves_with_the_customer_pays_the_next_invoice(shop):
    paid = shop.pay(shop.bill(10000))
    note = shop.outside.stripe.create("credit_notes", invoice=paid["id"], amount=2380, credit_amount=2380)
    used = shop.bill(5000)
    assert used["amount_due"] == 5950 - 2380
    shop.settled()
    assert shop.credits() == {note["number"]: (23.8, 0, 0)}
    assert shop.invoices()[used["number"]] == ("AUTHORISED", 35.7, 23.8)
    assert shop.balance() == (3570, 0)
    assert shop.ties()


def test_a_void_invoice_gives_its_credit_back_and_the_next_one_takes_it(shop):
    given, first = shop.bill(-1000, tax=""), shop.bill(2500, tax="")
    shop.settled()
    shop.outside.stripe.create(f"invoices/{first['id']}/void")
    shop.settled()
    assert shop.invoices() == {first["number"]: ("VOIDED", 0, 0)}
    assert shop.credits() == {given["number"]: (10, 0, 10)}
    assert shop.balance() == (0, -1000)
    second = shop.bill(2500, tax="")
    shop.settled()
    assert shop.invoices()[second["number"]] == ("AUTHORISED", 15, 10)
    assert shop.balance() == (1500, 0)
    assert shop.ties()


def test_credit_that_no_document_gave_is_parked_with_its_amount(shop):
    shop.adjust(-500)
    used = shop.bill(2500, tax="")
    assert used["amount_due"] == 2000
    shop.told()
    [sentence] = shop.hub.sentences()
    assert "EUR 5.00" in sentence or "5.00 EUR" in sentence
    assert "no document of ours gave that credit" in sentence
    assert shop.invoices() == {used["number"]: ("AUTHORISED", 25, 0)}
    assert shop.balance() == (2000, 500)


def test_a_credit_note_that_somebody_voids_at_xero_is_a_difference_of_its_invoice(shop):
    invoice = shop.bill(-1400, 700)
    shop.settled()
    [note] = shop.outside.xero("GET", "CreditNotes?page=1")["CreditNotes"]
    with shop.hub.store.read() as database:
        xero = [shop.hub.connection("Xero")]
        assert comparison.differences(database, shop.hub.workspace_id, xero) == []
    changed = {"CreditNoteID": note["CreditNoteID"], "Type": "ACCRECCREDIT", "Status": "VOIDED"}
    shop.outside.xero("POST", "CreditNotes", {"CreditNotes": [changed]})
    shop.hub.clock.sleep(60)
    shop.hub.pull()
    with shop.hub.store.read() as database:
        [found] = comparison.differences(database, shop.hub.workspace_id, xero)
    assert (found.kind, found.name, found.state) == ("invoice", f"invoice {invoice['number']}", "differs")


def test_a_negative_invoice_whose_answer_was_lost_is_found_by_asking(shop):
    shop.outside.fail("xero", {"match": "PUT /api.xro/2.0/CreditNotes*", "fault": "commit_then_close"})
    invoice = shop.bill(-1400, 700)
    shop.settled()
    assert shop.credits() == {invoice["number"]: (8.33, 1.33, 8.33)}


def test_positive_and_negative_invoices_of_one_batch_go_in_a_call_each(shop):
    for amount in (1000, -300, 2000, -400):
        shop.bill(amount, tax="")
    shop.settled()
    writes = Counter(call["path"].rpartition("/")[2] for call in shop.outside.calls("xero") if call["method"] == "PUT")
    assert (writes["Invoices"], writes["CreditNotes"]) == (1, 1)
    assert shop.ties()
