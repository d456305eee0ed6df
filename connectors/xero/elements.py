"""Elements on their way: packed into a request, found again in its answer, asked about, held against what was sent.

The same for every kind; where kinds differ, `endpoints` says how.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors import strict_json
from connectors.contract import Call, Outcome, Row, Stored
from connectors.rows import Unreadable, parts, text
from connectors.xero import refusals
from connectors.xero.wire import is_guid
from core.reasons import Problem, ReasonCode, problem

ROOT = "/api.xro/2.0"
GONE = frozenset({"VOIDED", "DELETED"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    plural: str
    id_name: str
    key: Callable[[Row], str]
    """The natural key: what is ours there is recognised by, whatever ids or places it has."""
    facts: Callable[[Row], Mapping[str, str]]
    """What has to be stored as it was sent, of an element sent as of one stored."""
    question: Callable[[Sequence[Row]], str]
    """(rows sent) to the GET that shows them, if they are there."""
    shown: Callable[[Row], Sequence[Row]] | None = None
    """The elements in the answer to the question, where they are not simply listed."""
    options: str = ""

    def call(self, rows: Sequence[Row], new: bool, key: str) -> Call:
        """Xero: PUT creates, and refuses a number that is taken; POST changes what it finds."""
        return Call(
            method="PUT" if new else "POST",
            path=f"{ROOT}/{self.plural}?summarizeErrors=false{self.options}",
            body=strict_json.write({self.plural: rows}),
            content_type="application/json",
            key=key,
        )

    def rows(self, call: Call) -> Sequence[Row]:
        return parts(strict_json.parse(call.body), self.plural)

    def answer(self, rows: Sequence[Row], body: Row) -> Sequence[Outcome]:
        by_key: dict[str, dict[int, Row]] = {}
        for place, element in enumerate(listed(body, self.plural)):
            by_key.setdefault(self._names(element), {})[place] = element
        return [self._outcome(row, _answer_to(place, by_key.get(self.key(row), {}))) for place, row in enumerate(rows)]

    def _outcome(self, row: Row, element: Row | None) -> Stored | Problem:
        if element is None:
            return problem(ReasonCode.CONTRACT_BROKEN, problem="the answer does not hold what was sent")
        if trouble := refusal(row, element):
            return trouble
        return self._stored(row, element)

    def _stored(self, row: Row, element: Row) -> Stored | Problem:
        remote_id = element.get(self.id_name)
        if not isinstance(remote_id, str) or not (is_guid(remote_id) or self.id_name == "Code"):
            return problem(ReasonCode.CONTRACT_BROKEN, problem=f"the answer has no {self.id_name}")
        if row.get(self.id_name, remote_id) != remote_id:
            return problem(ReasonCode.CONTRACT_BROKEN, problem=f"the answer has another {self.id_name}")
        return Stored(remote_id, version(element), element, gone=element.get("Status") in GONE)

    def found(self, rows: Sequence[Row], body: Row) -> Sequence[Outcome]:
        elements = self.shown(body) if self.shown else listed(body, self.plural)
        by_key: dict[str, Row] = {}
        for element in elements:
            if element.get("Status") != "DELETED":
                by_key.setdefault(self._names(element), element)
        return [self._found(row, by_key.get(self.key(row))) for row in rows]

    def _found(self, row: Row, element: Row | None) -> Outcome:
        """What was to be deleted and is shown no more, or as deleted, is gone."""
        if element is None and row.get("Status") in GONE and self.id_name in row:
            return Stored(row[self.id_name], "", row, gone=True)
        return None if element is None else self._stored(row, element)

    def _names(self, element: Row) -> str:
        try:
            return self.key(element)
        except Unreadable:
            return ""

    def differs(self, sent: Row, stored: Row) -> Mapping[str, tuple[str, str]]:
        ours = self.facts(sent)
        try:
            theirs = self.facts(stored)
        except Unreadable as trouble:
            return {"answer": ("readable", str(trouble))}
        return {name: (fact, theirs.get(name, "")) for name, fact in ours.items() if theirs.get(name, "") != fact}


def _answer_to(place: int, same: Mapping[int, Row]) -> Row | None:
    """Among the elements of its key, by their places: the place only tells two of the same key apart."""
    return next(iter(same.values())) if len(same) == 1 else same.get(place)


def listed(body: Row, plural: str) -> Sequence[Row]:
    """Empty where the answer holds no such list: then nothing that was sent is in it."""
    elements = body.get(plural)
    return [element for element in elements if isinstance(element, dict)] if isinstance(elements, list) else []


def version(element: Row) -> str:
    updated = element.get("UpdatedDateUTC")
    return updated if isinstance(updated, str) else ""


def refusal(sent: Row, element: Row) -> Problem | None:
    """Xero: an element that was not saved stands in a good answer (200), with its errors beside it."""
    try:
        messages = [text(error, "Message") for error in parts(element, "ValidationErrors")]
    except Unreadable as trouble:
        return problem(ReasonCode.CONTRACT_BROKEN, problem=trouble)
    flagged = element.get("HasErrors") is True or element.get("HasValidationErrors") is True
    if messages or flagged or element.get("StatusAttributeString") == "ERROR":
        return refusals.reason(sent, messages)
    return None
