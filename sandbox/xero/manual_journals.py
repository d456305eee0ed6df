"""Manual journals: debits are positive, credits negative, and they add up to nothing."""

from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.amounts import EXCLUSIVE, INCLUSIVE, NO_TAX, effective_rate, tax_on
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.documents import present
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.lines import account_of
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Account, JournalLine, ManualJournal
from sandbox.xero.tracking import read_tracking, shown_tracking
from sandbox.xero.wire import Element

_NEXT = {
    "DRAFT": {"DRAFT", "POSTED", "DELETED"},
    "POSTED": {"POSTED", "VOIDED"},
    "DELETED": set[str](),
    "VOIDED": set[str](),
}
_CONTROL_ACCOUNTS = frozenset({"DEBTORS", "CREDITORS"})

_LISTING: Listing[ManualJournal] = Listing(
    "ManualJournals",
    {
        "ManualJournalID": lambda row: row.id,
        "Narration": lambda row: row.narration,
        "Status": lambda row: row.status,
        "Date": lambda row: row.posted_on,
        "UpdatedDateUTC": lambda row: row.updated_at,
    },
    {"Narration": ("narration", str)},
)


def get_manual_journals(call: Call) -> Answer:
    ledger = call.ledger
    return listed(call, ledger.manual_journals, _LISTING, lambda row, whole: _shown(ledger, row, whole=whole))


def get_manual_journal(call: Call) -> Answer:
    return Answer({"ManualJournals": [_shown(call.ledger, _found(call))]})


def put_manual_journals(call: Call) -> Answer:
    return _write(call, lambda element: _create(call.ledger, element))


def post_manual_journals(call: Call) -> Answer:
    def write(element: Element) -> ManualJournal:
        journal_id = wire.read_text(element, "ManualJournalID")
        if journal_id is None:
            return _create(call.ledger, element)
        found = call.ledger.manual_journals.get(journal_id.lower())
        if found is None:
            raise InvalidError("Manual journal not found")
        return _change(call.ledger, found, element)

    return _write(call, write)


def post_manual_journal(call: Call) -> Answer:
    found = _found(call)
    return _write(call, lambda element: _change(call.ledger, found, element))


def _create(ledger: Ledger, element: Element) -> ManualJournal:
    status = wire.read_text(element, "Status") or "DRAFT"
    if status not in {"DRAFT", "POSTED"}:
        raise InvalidError("Manual journal not of valid status for creation")
    day = wire.read_day(element, "Date") or ledger.today()
    narration = wire.read_text(element, "Narration") or ""
    journal = ManualJournal(
        id=ledger.new_id(ledger.manual_journals, "manual_journal", day, narration),
        updated_at=ledger.now(),
        narration=narration,
        posted_on=day,
        status=status,
        line_amount_types=NO_TAX,
        lines=(),
    )
    return _saved(ledger, element, journal)


def _change(ledger: Ledger, found: ManualJournal, element: Element) -> ManualJournal:
    before = ledger.manual_journals[found.id]
    status = wire.read_text(element, "Status") or before.status
    if status not in _NEXT[before.status]:
        raise InvalidError("Manual journal not of valid status for modification")
    ledger.check_lock_dates(before.posted_on)
    changed = replace(
        before,
        updated_at=ledger.now(),
        status=status,
        narration=wire.read_text(element, "Narration") or before.narration,
        posted_on=wire.read_day(element, "Date") or before.posted_on,
    )
    if status in {"VOIDED", "DELETED"}:
        return ledger.manual_journals.put(changed)
    return _saved(ledger, element, changed)


def _saved(ledger: Ledger, element: Element, journal: ManualJournal) -> ManualJournal:
    kinds = wire.read_text(element, "LineAmountTypes") or journal.line_amount_types
    if kinds not in {EXCLUSIVE, INCLUSIVE, NO_TAX}:
        raise InvalidError("LineAmountTypes must be Exclusive, Inclusive or NoTax")
    lines = journal.lines
    if wire.given(element, "JournalLines"):
        lines = tuple(_line(ledger, one, kinds) for one in wire.read_elements(element, "JournalLines"))
    journal = replace(journal, lines=lines, line_amount_types=kinds, url=wire.read_text(element, "Url") or journal.url)
    if not journal.narration:
        raise InvalidError("Narration is required")
    _check_balance(journal)
    ledger.check_lock_dates(journal.posted_on)
    return ledger.manual_journals.put(journal)


def _check_balance(journal: ManualJournal) -> None:
    if len(journal.lines) < 2:
        raise InvalidError("A manual journal needs at least two lines")
    booked = [
        line.line_amount + (line.tax_amount if journal.line_amount_types == EXCLUSIVE else 0) for line in journal.lines
    ]
    debits, credits_ = (sum(part) for part in ([b for b in booked if b > 0], [b for b in booked if b < 0]))
    if debits + credits_:
        raise InvalidError(
            f"The total debits ({wire.amount(debits)}) must equal total credits ({wire.amount(credits_)})"
        )


def _line(ledger: Ledger, element: Element, kinds: str) -> JournalLine:
    account = _account(ledger, element)
    amount = wire.read_amount(element, "LineAmount")
    if not amount:
        raise InvalidError("A journal line needs a LineAmount other than zero")
    named = wire.read_text(element, "TaxType")
    tax_type = "NONE" if kinds == NO_TAX else named or account.tax_type
    rate = ledger.tax_rates.get(tax_type)
    if rate is None or rate.status != "ACTIVE":
        raise InvalidError(
            f"The TaxType code '{tax_type}' does not exist or cannot be used for this type of transaction."
        )
    tax = wire.read_amount(element, "TaxAmount") if kinds != NO_TAX else 0
    return JournalLine(
        account_id=account.id,
        line_amount=amount,
        tax_amount=tax_on(amount, effective_rate(rate.components), kinds) if tax is None else tax,
        tax_type=tax_type,
        description=wire.read_text(element, "Description"),
        tracking=read_tracking(ledger, element),
    )


def _account(ledger: Ledger, element: Element) -> Account:
    code = wire.read_text(element, "AccountCode")
    account = account_of(ledger, {"AccountID": element.get("AccountID"), "Code": code})
    barred = account is not None and (account.type == "BANK" or account.system_account in _CONTROL_ACCOUNTS)
    if barred and ledger.rules.manual_journals_leave_banks_and_debtors_alone:
        raise InvalidError(f"Account code '{code or ''}' is not a valid code for this document.")
    if account is None or account.status != "ACTIVE":
        raise InvalidError(f"Account code '{code or ''}' is not a valid code for this document.")
    return account


def _shown(ledger: Ledger, row: ManualJournal, *, whole: bool = True) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ManualJournalID": row.id,
        "Date": wire.ms_date(row.posted_on),
        "Status": row.status,
        "LineAmountTypes": row.line_amount_types,
        "UpdatedDateUTC": wire.ms_moment(row.updated_at),
        "Narration": row.narration,
        "Url": row.url,
        "JournalLines": [
            present(
                {
                    "Description": line.description,
                    "TaxType": line.tax_type,
                    "LineAmount": wire.amount(line.line_amount),
                    "TaxAmount": wire.amount(line.tax_amount),
                    "AccountCode": ledger.accounts[line.account_id].code,
                    "AccountID": line.account_id,
                    "Tracking": shown_tracking(ledger, line.tracking),
                    "IsBlank": False,
                }
            )
            for line in (row.lines if whole else ())
        ],
        "ShowOnCashBasisReports": True,
        "HasAttachments": False,
    }
    return present(shown)


def _found(call: Call) -> ManualJournal:
    row = call.ledger.manual_journals.get(call.ids[0].lower())
    if row is None:
        raise no_such_thing()
    return row


def _write(call: Call, write: Any) -> Answer:
    return write_each(call, "ManualJournals", write, lambda row: _shown(call.ledger, row), flag=None)
