"""The gateway's invoices. Xero: one with a negative total is a credit note, in another list and under another id."""

from collections.abc import Mapping, Sequence

from connectors.contract import Call, Outcome, Row
from connectors.xero.elements import Endpoint
from connectors.xero.endpoints import CREDIT_NOTES, INVOICES


def apart(row: Row) -> str:
    return _of(row).plural


def call(rows: Sequence[Row], new: bool, key: str) -> Call:
    return _of(rows[0]).call(rows, new, key)


def rows(sent: Call) -> Sequence[Row]:
    return (CREDIT_NOTES if f"/{CREDIT_NOTES.plural}?" in sent.path else INVOICES).rows(sent)


def answer(sent: Sequence[Row], body: Row) -> Sequence[Outcome]:
    return _of(sent[0]).answer(sent, body)


def differs(sent: Row, stored: Row) -> Mapping[str, tuple[str, str]]:
    return _of(sent).differs(sent, stored)


def question(sent: Sequence[Row]) -> str:
    return _of(sent[0]).question(sent)


def found(sent: Sequence[Row], body: Row) -> Sequence[Outcome]:
    return _of(sent[0]).found(sent, body)


def key(row: Row) -> str:
    return _of(row).key(row)


def _of(row: Row) -> Endpoint:
    return CREDIT_NOTES if row.get("Type") == "ACCRECCREDIT" else INVOICES
