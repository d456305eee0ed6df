"""Allocations of credit notes. Xero: they live below their credit note, one call each, and are removed by DELETE."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from connectors.contract import Call, Outcome, Row, Stored
from connectors.rows import decimal, part, parts, text
from connectors.xero.elements import ROOT, Endpoint, listed, refusal
from connectors.xero.wire import document_date
from core.canonical import decimal_text
from core.reasons import ReasonCode, problem


def key(row: Row) -> str:
    return f"{_credit_note(row).lower()} {text(part(row, 'Invoice'), 'InvoiceID').lower()}"


def _credit_note(row: Row) -> str:
    return text(part(row, "CreditNote"), "CreditNoteID")


def _facts(row: Row) -> Mapping[str, str]:
    amount = decimal(row, "Amount") or Decimal(0)
    return {"key": key(row), "Date": document_date(row, "Date"), "Amount": decimal_text(amount)}


def question(rows: Sequence[Row]) -> str:
    """Xero: a credit note that is asked for by its id shows its allocations."""
    return f"{ROOT}/CreditNotes/{_credit_note(rows[0])}"


def _shown(body: Row) -> Sequence[Row]:
    return [
        {**allocation, "CreditNote": {"CreditNoteID": text(credit_note, "CreditNoteID")}}
        for credit_note in listed(body, "CreditNotes")
        for allocation in parts(credit_note, "Allocations")
    ]


_ENDPOINT = Endpoint("Allocations", "AllocationID", key, _facts, question, _shown)


def call(rows: Sequence[Row], new: bool, call_key: str) -> Call:
    (row,) = rows
    path = f"{question(rows)}/Allocations"
    if _is_removal(row):
        return Call("DELETE", f"{path}/{row['AllocationID']}", b"", "application/json", call_key)
    sent = _ENDPOINT.call(rows, new, call_key)
    return Call("PUT", f"{path}?summarizeErrors=false", sent.body, sent.content_type, call_key)


def rows(sent: Call) -> Sequence[Row]:
    if sent.method != "DELETE":
        return _ENDPOINT.rows(sent)
    *_, credit_note, _, allocation = sent.path.split("/")
    return [{"CreditNote": {"CreditNoteID": credit_note}, "AllocationID": allocation, "IsDeleted": True}]


def _is_removal(row: Row) -> bool:
    return row.get("IsDeleted") is True


def answer(sent: Sequence[Row], body: Row) -> Sequence[Outcome]:
    (row,) = sent
    if not _is_removal(row):
        return _ENDPOINT.answer(sent, body)
    for element in listed(body, "Elements"):
        if trouble := refusal(row, element):
            return [trouble]
    if not _is_removal(body):
        return [problem(ReasonCode.CONTRACT_BROKEN, problem="the answer does not say that it was removed")]
    return [_removed(row)]


def found(sent: Sequence[Row], body: Row) -> Sequence[Outcome]:
    (row,) = sent
    if not _is_removal(row):
        return _ENDPOINT.found(sent, body)
    still_there = any(allocation.get("AllocationID") == row["AllocationID"] for allocation in _shown(body))
    return [None if still_there else _removed(row)]


def _removed(row: Row) -> Stored:
    """What is left of it: that it was."""
    return Stored(row["AllocationID"], "", row, gone=True)


def differs(sent: Row, stored: Row) -> Mapping[str, tuple[str, str]]:
    return {} if _is_removal(sent) else _ENDPOINT.differs(sent, stored)
