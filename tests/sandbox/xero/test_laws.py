"""Whatever happens in whatever order, the money adds up: read through the API, not from the vendor's rows."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sandbox.kit import Request
from sandbox.xero import Xero
from sandbox.xero.wire import render
from tests.sandbox.xero.conftest import line

CENTS = st.integers(1, 30_000).map(lambda cents: Decimal(cents) / 100)
IN = {"ACCRECPAYMENT", "APCREDITPAYMENT", "APOVERPAYMENTPAYMENT", "APPREPAYMENTPAYMENT"}
BANKS = ("1200", "1300")
DATED = {"Date": "2026-03-05"}
CREDITS = {"CreditNotes": "CreditNoteID", "Overpayments": "OverpaymentID", "Prepayments": "PrepaymentID"}


class Business(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.xero = Xero()
        credentials = self.xero.credentials()
        self.headers = {
            "authorization": f"Bearer {credentials['access_token']}",
            "xero-tenant-id": credentials["tenant_id"],
            "accept": "application/json",
        }

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        path, _, query = path.partition("?")
        sent = b"" if body is None else render(body).encode()
        response = self.xero.handle(Request(method, f"/api.xro/2.0/{path}", query, self.headers, sent))
        return response.status, json.loads(response.body, parse_float=Decimal) if response.body else None

    def rows(self, name: str) -> list[dict[str, Any]]:
        return self.call("GET", f"{name}?pageSize=1000")[1][name]

    def pick(self, name: str, place: int) -> dict[str, Any] | None:
        rows = self.rows(name)
        return rows[place % len(rows)] if rows else None

    @rule(
        unit=CENTS,
        quantity=st.integers(1, 3),
        rate=st.sampled_from(["OUTPUT", "TAX003", "NONE"]),
        kind=st.booleans(),
    )
    def invoice(self, unit: Decimal, quantity: int, rate: str, kind: bool) -> None:
        body = {
            "Type": "ACCREC" if kind else "ACCPAY",
            "Status": "AUTHORISED",
            "Contact": {"Name": "Ada"},
            "DueDate": "2026-03-31",
            "LineAmountTypes": "Inclusive" if quantity == 2 else "Exclusive",
            "LineItems": [
                line(UnitAmount=unit, Quantity=quantity, TaxType=rate if kind else "NONE"),
                line(UnitAmount=-unit, TaxType=rate if kind else "NONE", AccountCode="260"),
                line(UnitAmount=unit, TaxType="NONE"),
            ],
        }
        assert self.call("PUT", "Invoices", body)[0] == 200

    @rule(unit=CENTS)
    def credit_note(self, unit: Decimal) -> None:
        body = {"Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"Name": "Ada"}}
        assert self.call("PUT", "CreditNotes", body | {"LineItems": [line(UnitAmount=unit)]})[0] == 200

    @rule(
        unit=CENTS,
        kind=st.sampled_from(["RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT", "SPEND", "RECEIVE"]),
        bank=st.sampled_from(BANKS),
    )
    def bank_transaction(self, unit: Decimal, kind: str, bank: str) -> None:
        item = (
            line(UnitAmount=unit, TaxType="NONE")
            if kind != "RECEIVE-OVERPAYMENT"
            else {"Description": "x", "UnitAmount": unit}
        )
        body = {
            "Type": kind,
            "Contact": {"Name": "Ada"},
            "BankAccount": {"Code": bank},
            "LineAmountTypes": "NoTax",
        }
        assert self.call("PUT", "BankTransactions", body | {"LineItems": [item]})[0] == 200

    @rule(amount=CENTS, there=st.booleans())
    def transfer(self, amount: Decimal, there: bool) -> None:
        source, target = BANKS if there else reversed(BANKS)
        body = {"FromBankAccount": {"Code": source}, "ToBankAccount": {"Code": target}, "Amount": amount}
        assert self.call("PUT", "BankTransfers", body)[0] == 200

    @rule(place=st.integers(0, 50), amount=CENTS, bank=st.sampled_from(BANKS), whole=st.booleans())
    def pay(self, place: int, amount: Decimal, bank: str, whole: bool) -> None:
        if row := self.pick("Invoices", place):
            wanted = row["AmountDue"] if whole else amount
            body = {"Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": bank}, "Amount": wanted}
            status, _ = self.call("PUT", "Payments", body | DATED)
            allowed = row["Status"] == "AUTHORISED" and 0 < wanted <= row["AmountDue"]
            assert status == (200 if allowed else 400)

    @rule(place=st.integers(0, 50), amount=CENTS, name=st.sampled_from(sorted(CREDITS)))
    def refund(self, place: int, amount: Decimal, name: str) -> None:
        if row := self.pick(name, place):
            named = {CREDITS[name]: row[CREDITS[name]]}
            body = {name.removesuffix("s"): named, "Account": {"Code": "1200"}, "Amount": amount}
            status, _ = self.call("PUT", "Payments", body | DATED)
            allowed = row["Status"] == "AUTHORISED" and amount <= row["RemainingCredit"]
            assert status == (200 if allowed else 400)

    @rule(
        place=st.integers(0, 50),
        other=st.integers(0, 50),
        amount=CENTS,
        name=st.sampled_from(sorted(CREDITS)),
    )
    def allocate(self, place: int, other: int, amount: Decimal, name: str) -> None:
        credit, row = self.pick(name, place), self.pick("Invoices", other)
        if credit and row:
            body = {"Invoice": {"InvoiceID": row["InvoiceID"]}, "Amount": amount}
            status, _ = self.call("PUT", f"{name}/{credit[CREDITS[name]]}/Allocations", body | DATED)
            allowed = (
                credit["Status"] == row["Status"] == "AUTHORISED"
                and row["Type"] == "ACCREC"
                and amount <= min(credit["RemainingCredit"], row["AmountDue"])
            )
            assert status == (200 if allowed else 400)

    @rule(place=st.integers(0, 50), name=st.sampled_from(sorted(CREDITS)))
    def take_an_allocation_back(self, place: int, name: str) -> None:
        credit = self.pick(name, place)
        if credit and credit["Allocations"]:
            allocation = credit["Allocations"][0]["AllocationID"]
            assert self.call("DELETE", f"{name}/{credit[CREDITS[name]]}/Allocations/{allocation}")[0] == 200

    @rule(place=st.integers(0, 50))
    def delete_a_payment(self, place: int) -> None:
        if row := self.pick("Payments", place):
            status, _ = self.call("POST", f"Payments/{row['PaymentID']}", {"Status": "DELETED"})
            assert status == (200 if row["Status"] == "AUTHORISED" else 400)

    @rule(place=st.integers(0, 50), name=st.sampled_from(["Invoices", "CreditNotes"]))
    def void(self, place: int, name: str) -> None:
        if row := self.pick(name, place):
            id_name = name.removesuffix("s") + "ID"
            self.call("POST", f"{name}/{row[id_name]}", {"Status": "VOIDED"})

    @rule(place=st.integers(0, 50))
    def delete_a_bank_transaction(self, place: int) -> None:
        if row := self.pick("BankTransactions", place):
            self.call("POST", f"BankTransactions/{row['BankTransactionID']}", {"Status": "DELETED"})

    @invariant()
    def what_is_due_is_the_total_less_payments_and_credits(self) -> None:
        for row in self.rows("Invoices"):
            assert row["Total"] == row["SubTotal"] + row["TotalTax"]
            assert row["TotalTax"] == sum(item["TaxAmount"] for item in row["LineItems"])
            assert row["AmountPaid"] == sum(one["Amount"] for one in row["Payments"])
            applied = [one["AppliedAmount"] for name in CREDITS for one in row[name]]
            assert row["AmountCredited"] == sum(applied)
            if row["Status"] == "VOIDED":
                assert (row["AmountDue"], row["AmountPaid"], row["AmountCredited"]) == (0, 0, 0)
            else:
                assert row["AmountDue"] == row["Total"] - row["AmountPaid"] - row["AmountCredited"] >= 0
                assert (row["Status"] == "PAID") == (row["AmountDue"] == 0)

    @invariant()
    def what_remains_of_a_credit_is_its_total_less_allocations_and_refunds(self) -> None:
        for name in CREDITS:
            for row in self.rows(name):
                used = sum(one["Amount"] for one in (*row["Allocations"], *row["Payments"]))
                if row["Status"] == "VOIDED":
                    assert (used, row["RemainingCredit"]) == (0, 0)
                else:
                    assert row["RemainingCredit"] == row["Total"] - used >= 0
                    assert (row["Status"] == "PAID") == (row["RemainingCredit"] == 0)

    @invariant()
    def a_bank_account_holds_the_sum_of_what_moved_it(self) -> None:
        held = dict.fromkeys(BANKS, Decimal(0))
        for row in self.rows("Payments"):
            if row["Status"] == "AUTHORISED":
                held[row["Account"]["Code"]] += row["BankAmount"] if row["PaymentType"] in IN else -row["BankAmount"]
        for row in self.rows("BankTransactions"):
            if row["Status"] == "AUTHORISED":
                held[row["BankAccount"]["Code"]] += row["Total"] if row["Type"].startswith("RECEIVE") else -row["Total"]
        told = self.xero.administer(Request("GET", "/_sandbox/balances"))
        balances = json.loads(told.body)
        assert {code: Decimal(balances[code]) for code in BANKS} == held


TestBusiness = Business.TestCase
TestBusiness.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
