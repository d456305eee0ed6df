"""Why something waits, as a code with parameters and a sentence a bookkeeper understands.

A reason is data: stored, grouped, counted, and shown in words only at the end. Each sentence says what happened, to
which document, and what to do; the button that does it is `remedy`.

Parameters, all of them text; one that is not given shows as absent:

`document` is how people call the record ("invoice RE-1001"), `connection` how they call the system that the sentence
is about. `field` of it was sent as `ours` and stored as `theirs`. `slot` is the choice that is missing and `facts`
what a rule for it could go by. `currency`, `base` (currency), `amount`, `settled` (an amount), `number`, `name`, `on`
(ISO date), `id` (one at a vendor), `lock` (the last closed date) and the sums `lines` and `total` are the document's
own. `account` is a vendor's id of an account, `event` of a webhook event. `words` are the vendor's, unchanged;
`problem` is what could not be read, and `attempts` counts, as does `count`, which are some of all that are `there`.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class ReasonCode(StrEnum):
    SLOT_UNMAPPED = "slot_unmapped"
    RATE_MISSING = "rate_missing"
    UNKNOWN_CURRENCY = "unknown_currency"
    CURRENCY_NOT_IN_LEDGER = "currency_not_in_ledger"
    THIRD_DECIMAL = "third_decimal"
    NEGATIVE_TOTAL = "negative_total"
    CREDIT_UNEXPLAINED = "credit_unexplained"
    TOTALS_DIFFER = "totals_differ"
    RATE_TOO_COARSE = "rate_too_coarse"
    NOT_MOVED_YET = "not_moved_yet"
    CONTACT_MISSING = "contact_missing"
    CONTACT_ARCHIVED = "contact_archived"
    STORED_DIFFERENTLY = "stored_differently"
    NAME_TAKEN = "name_taken"
    NUMBER_TAKEN = "number_taken"
    ACCOUNT_NOT_USABLE = "account_not_usable"
    NOT_CHANGEABLE = "not_changeable"
    PERIOD_LOCKED = "period_locked"
    MASS_CHANGE = "mass_change"
    MASS_ABSENCE = "mass_absence"
    GONE_THERE = "gone_there"
    NOT_LINKED = "not_linked"
    REFUSED = "refused"
    UNREADABLE_BODY = "unreadable_body"
    UNREADABLE_ROW = "unreadable_row"
    SAME_ID_OTHER_BODY = "same_id_other_body"
    FOREIGN_ACCOUNT = "foreign_account"
    MISSING_THERE = "missing_there"
    CRASHED = "crashed"
    CONTRACT_BROKEN = "contract_broken"


@dataclass(frozen=True, slots=True)
class Reason:
    code: ReasonCode
    params: dict[str, str] = field(default_factory=dict)

    def sentence(self) -> str:
        return _SENTENCES[self.code].format_map(_Named(self.params))

    @property
    def remedy(self) -> str:
        """What a person can press: the action, as one short imperative."""
        return _REMEDIES[self.code]


_SLOTS = {
    "income_account": "an income account",
    "tax_code": "a tax code",
    "clearing_account": "a clearing account",
    "refunds_to_classify": "an account for refunds that no credit note explains",
}


class _Named(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"(no {key})"

    def __getitem__(self, key: str) -> str:
        found = super().__getitem__(key)
        return _SLOTS.get(found, found) if key == "slot" else found


_SENTENCES = {
    ReasonCode.SLOT_UNMAPPED: "{document} needs {slot} on {connection}, and no rule gives one for it: {facts}. Add a "
    "rule; the document then goes by itself.",
    ReasonCode.RATE_MISSING: "{document} is in {currency}, and no rate to {base} is known for {on}. Enter the rate of "
    "that day; the document is then booked by itself.",
    ReasonCode.UNKNOWN_CURRENCY: "{document} names the currency {currency}, which ISO 4217 does not know. Correct it "
    "at {connection}; it is then read again.",
    ReasonCode.CURRENCY_NOT_IN_LEDGER: "{document} is in {currency}, which {connection} does not keep. Add the "
    "currency there and press retry.",
    ReasonCode.THIRD_DECIMAL: "{document} has the amount {amount}, and {connection} keeps two decimals only. Decide "
    "how to round it.",
    ReasonCode.NEGATIVE_TOTAL: "{document} has the negative total {amount}, which {connection} does not keep. Enter "
    "it there by hand and link it.",
    ReasonCode.CREDIT_UNEXPLAINED: "{document}: {amount} was settled from the customer's balance, and no document of "
    "ours gave that credit (a correction by hand, say). {connection} keeps credit only with one; enter it there by "
    "hand and link it.",
    ReasonCode.TOTALS_DIFFER: "The lines of {document} add up to {lines}, but its total is {total}. Check it at its "
    "origin; nothing was sent to {connection}.",
    ReasonCode.RATE_TOO_COARSE: "{document} of {amount} was settled as {settled}, and no exchange rate that "
    "{connection} keeps makes one of the other. Enter it there by hand and link it.",
    ReasonCode.NOT_MOVED_YET: "{document} has not moved the gateway's balance yet, whose day it is dated by. "
    "It goes by itself once it has.",
    ReasonCode.CONTACT_MISSING: "{document} is no known customer's, and {connection} keeps money that goes out only "
    "with a contact. Enter it there by hand and link it.",
    ReasonCode.CONTACT_ARCHIVED: "{connection} has archived the contact of {document}. Make it active there again, and "
    "press retry.",
    ReasonCode.STORED_DIFFERENTLY: "{connection} stored {document} with {field} {theirs} where {ours} was sent. Open "
    "it there, and accept or correct it.",
    ReasonCode.NAME_TAKEN: "{connection} already has another contact named {name}, so {document} was not created. "
    "Link it to that contact or rename one of the two.",
    ReasonCode.NUMBER_TAKEN: "{connection} already has a document numbered {number} that is not ours, so {document} "
    "was not created. Link it to that one or renumber it there.",
    ReasonCode.ACCOUNT_NOT_USABLE: "{connection} does not take {document} with the account or tax code that the rules "
    "chose, and said: {words} Choose another one in the rule, or correct it there, and press retry.",
    ReasonCode.NOT_CHANGEABLE: "{document} can no longer be changed at {connection}, which said: {words} Undo there "
    "what rests on it (a payment, say) and press retry.",
    ReasonCode.PERIOD_LOCKED: "{document} is dated {on}, and {connection} is closed up to {lock}. Open the period "
    "there: what is held for it then goes by itself.",
    ReasonCode.MASS_CHANGE: "{document} is to be changed at {connection}, and with it {count} of the {there} that "
    "stand there: more than changes by itself in a day. It was not sent. See what is to change; if it is meant, press "
    "retry, and all of them go.",
    ReasonCode.MASS_ABSENCE: "{document} is no longer among what {connection} lists, and with it {count} of {there}. "
    "Nothing was taken away. See whether it is still the right account and may still be read; press retry, and "
    "each is asked about by itself.",
    ReasonCode.GONE_THERE: "{document} was written to {connection} and is no longer there. See there who took it away; "
    "press retry when it is back.",
    ReasonCode.NOT_LINKED: "{document} was to be linked to {id} at {connection}, and nothing has that id there. Look "
    "the id up there, and link it again.",
    ReasonCode.REFUSED: "{connection} refused {document} and said: {words} Correct the cause and press retry.",
    ReasonCode.UNREADABLE_BODY: "A signed message from {connection} could not be read ({problem}). It is kept; what "
    "it was about is found by the next poll.",
    ReasonCode.UNREADABLE_ROW: "{document} from {connection} could not be understood: {problem}. It is kept and "
    "read again when it changes or after an update of the hub.",
    ReasonCode.SAME_ID_OTHER_BODY: "{connection} sent event {event} twice with different contents. The first one "
    "counts; the document was read afresh.",
    ReasonCode.FOREIGN_ACCOUNT: "A signed message was about account {account}, which is not connected here. Connect "
    "it, or ignore the message.",
    ReasonCode.MISSING_THERE: "{document} was announced by {connection}, but is not there when asked for.",
    ReasonCode.CRASHED: "{document} made the work stop {attempts} times. It is set aside so that others flow; press "
    "retry after an update of the hub.",
    ReasonCode.CONTRACT_BROKEN: "{connection} answered for {document} in a way its contract does not know ({problem}). "
    "Nothing was assumed; press retry, or report it.",
}

_REMEDIES = {
    ReasonCode.SLOT_UNMAPPED: "add a rule",
    ReasonCode.RATE_MISSING: "enter the rate",
    ReasonCode.UNKNOWN_CURRENCY: "correct it there",
    ReasonCode.CURRENCY_NOT_IN_LEDGER: "retry",
    ReasonCode.THIRD_DECIMAL: "choose the rounding",
    ReasonCode.NEGATIVE_TOTAL: "link",
    ReasonCode.CREDIT_UNEXPLAINED: "link",
    ReasonCode.TOTALS_DIFFER: "retry",
    ReasonCode.RATE_TOO_COARSE: "link",
    ReasonCode.NOT_MOVED_YET: "wait",
    ReasonCode.CONTACT_MISSING: "link",
    ReasonCode.CONTACT_ARCHIVED: "retry",
    ReasonCode.STORED_DIFFERENTLY: "accept theirs",
    ReasonCode.NAME_TAKEN: "link",
    ReasonCode.NUMBER_TAKEN: "link",
    ReasonCode.ACCOUNT_NOT_USABLE: "change the rule",
    ReasonCode.NOT_CHANGEABLE: "retry",
    ReasonCode.PERIOD_LOCKED: "retry",
    ReasonCode.MASS_CHANGE: "retry",
    ReasonCode.MASS_ABSENCE: "retry",
    ReasonCode.GONE_THERE: "retry",
    ReasonCode.NOT_LINKED: "link",
    ReasonCode.REFUSED: "retry",
    ReasonCode.UNREADABLE_BODY: "ignore",
    ReasonCode.UNREADABLE_ROW: "retry",
    ReasonCode.SAME_ID_OTHER_BODY: "ignore",
    ReasonCode.FOREIGN_ACCOUNT: "connect",
    ReasonCode.MISSING_THERE: "retry",
    ReasonCode.CRASHED: "retry",
    ReasonCode.CONTRACT_BROKEN: "retry",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A row or document that cannot go on: a value, not an exception, so that its neighbours go on."""

    reason: Reason


def problem(code: ReasonCode, **params: object) -> Problem:
    return Problem(Reason(code, {name: str(value) for name, value in params.items()}))
