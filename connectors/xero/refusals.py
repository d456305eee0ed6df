"""Xero's words for a refusal and the reason they stand for. What is not listed is shown in Xero's own words."""

import re
from collections.abc import Callable, Sequence

from connectors.contract import Row
from core.reasons import Problem, ReasonCode, problem

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_Params = Callable[[Row, re.Match[str]], dict[str, str]]


def _own(element: Row, name: str) -> str:
    return str(element.get(name) or "")


def _iso(date: str | None) -> str:
    """Xero: 31-Jan-2026 in its sentences."""
    if not date:
        return "its lock date"
    day, month, year = date.split("-")
    return date if month.isdigit() else f"{year}-{_MONTHS.index(month.lower()) + 1:02}-{int(day):02}"


_REFUSALS: Sequence[tuple[str, ReasonCode, _Params]] = (
    (
        r"contact name .* is already assigned|contact name must be unique",
        ReasonCode.NAME_TAKEN,
        lambda element, _: {"name": _own(element, "Name")},
    ),
    (
        r"(invoice|credit note) # must be unique|invoice number .* already (exists|in use)",
        ReasonCode.NUMBER_TAKEN,
        lambda element, _: {"number": _own(element, "InvoiceNumber") or _own(element, "CreditNoteNumber")},
    ),
    (
        r"item with code .* already exists",
        ReasonCode.NUMBER_TAKEN,
        lambda element, _: {"number": _own(element, "Code")},
    ),
    (
        rf"lock date(?:\D*(?P<lock>\d\d?-(?:{'|'.join(_MONTHS)})-\d{{4}}|\d{{4}}-\d\d-\d\d))?|period is locked",
        ReasonCode.PERIOD_LOCKED,
        lambda element, words: {"on": _own(element, "Date"), "lock": _iso(words["lock"])},
    ),
    (
        r"not subscribed to currency (?P<currency>[A-Z]{3})|currency code .*not valid",
        ReasonCode.CURRENCY_NOT_IN_LEDGER,
        lambda element, words: {"currency": words["currency"] or _own(element, "CurrencyCode")},
    ),
    (
        r"account code .*not a valid|account code or id must|account .* (archived|not found|required)|taxtype code",
        ReasonCode.ACCOUNT_NOT_USABLE,
        lambda _, words: {"words": _sentence(words.string)},
    ),
    (
        r"contact .*has been archived|archived contact",
        ReasonCode.CONTACT_ARCHIVED,
        lambda _element, _words: {},
    ),
    (
        r"not of valid status|cannot be voided",
        ReasonCode.NOT_CHANGEABLE,
        lambda _, words: {"words": _sentence(words.string)},
    ),
)
_PATTERNS = [(re.compile(pattern, re.IGNORECASE), code, params) for pattern, code, params in _REFUSALS]

_WORDS_MAX = 500


def reason(sent: Row, messages: Sequence[str]) -> Problem:
    """The first message that says something we know; else all of them."""
    for message in messages:
        for pattern, code, params in _PATTERNS:
            if found := pattern.search(message):
                return problem(code, **params(sent, found))
    return problem(ReasonCode.REFUSED, words=" ".join(map(_sentence, messages)) or "(nothing).")


def _sentence(words: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in words[:_WORDS_MAX]).strip()
    return shown if shown.endswith((".", "!", "?")) else f"{shown}."
