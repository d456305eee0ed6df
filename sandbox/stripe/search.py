"""The search of seven kinds by Stripe's query language (docs.stripe.com/search).

A query is clauses, joined by AND or by OR, not both: a field, an operator and a value; `-` before a clause turns it
round. `:` and `=` compare whole values without regard to case, `~` finds a part of a text, `<`, `<=`, `>`, `>=` compare
numbers, and `null` is the value that is not there. What was just made or changed is not found at once.
"""

import base64
import binascii
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import Form, Params, page_size, text
from sandbox.stripe.rows import Row, Shown

SEARCH = Form({"limit": page_size, "page": text, "query*": text})

_TOKEN, _TEXT, _NUMBER = "token", "text", "number"
_MONEY = {"created": _NUMBER, "currency": _TOKEN, "customer": _TOKEN, "status": _TOKEN}
FIELDS: Mapping[str, Mapping[str, str]] = {
    "charge": {
        **_MONEY,
        "amount": _NUMBER,
        "billing_details.address.postal_code": _TOKEN,
        "disputed": _TOKEN,
        "payment_method_details.card.brand": _TOKEN,
        "payment_method_details.card.exp_month": _TOKEN,
        "payment_method_details.card.exp_year": _TOKEN,
        "payment_method_details.card.last4": _TOKEN,
        "refunded": _TOKEN,
    },
    "customer": {"created": _NUMBER, "email": _TEXT, "name": _TEXT, "phone": _TEXT},
    "invoice": {
        **_MONEY,
        "number": _TEXT,
        "receipt_number": _TEXT,
        "subscription": _TOKEN,
        "total": _NUMBER,
    },
    "payment_intent": {**_MONEY, "amount": _NUMBER},
    "price": {
        "active": _TOKEN,
        "billing_scheme": _TOKEN,
        "currency": _TOKEN,
        "lookup_key": _TOKEN,
        "product": _TOKEN,
        "type": _TOKEN,
    },
    "product": {
        "active": _TOKEN,
        "description": _TEXT,
        "name": _TEXT,
        "shippable": _TOKEN,
        "url": _TEXT,
    },
    "subscription": {"canceled_at": _NUMBER, "created": _NUMBER, "status": _TOKEN},
}
"""By kind: what may be asked for beside metadata, and how it is compared."""

CLAUSES_MAX = 10
PART_MIN = 3
"""Characters of a part that is looked for."""

_NUMBERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CLAUSE = re.compile(
    r"""\s*(?:(?P<join>AND|OR)\b\s*)?(?P<not>-)?
    (?:metadata\[(?P<quote>["'])(?P<key>(?:\\.|(?!(?P=quote)).)*)(?P=quote)\]|(?P<field>[a-z_0-9.]+))
    \s*(?P<operator><=|>=|[:=~<>])\s*
    (?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<bare>[^\s"']+))\s*""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Clause:
    path: tuple[str, ...]
    sort: str
    operator: str
    value: str | None
    """None for null."""
    turned: bool

    def holds(self, row: Row) -> bool:
        return self._fits(_found(row, self.path)) is not self.turned

    def _fits(self, found: Any) -> bool:
        if self.value is None or found is None:
            return found is None and self.value is None
        if self.operator in _NUMBERS:
            return isinstance(found, int) and _NUMBERS[self.operator](found, int(self.value))
        told = ("true" if found else "false") if isinstance(found, bool) else str(found).casefold()
        return self.value.casefold() in told if self.operator == "~" else told == self.value.casefold()


def search(kind: str) -> Callable[[Account, Params], Shown]:
    """The endpoint of a kind."""

    def found(account: Account, params: Params) -> Shown:
        clauses, all_of = _parsed(kind, params["query"])
        before = _place(params["page"]) if params.get("page") else None
        limit, ripe = params.get("limit") or 10, account.now() - account.settings.search_lag_seconds
        data: list[Row] = []
        for row in account.store.newest_first(kind, before):
            if len(data) > limit:
                break
            if row.deleted or row["_touched"] > ripe:
                continue
            if (all if all_of else any)(clause.holds(row) for clause in clauses):
                data.append(row)
        more = len(data) > limit
        data = data[:limit]
        return {
            "object": "search_result",
            "url": f"/v1/{kind}s/search",
            "has_more": more,
            "next_page": _cursor(account.store.position(data[-1])) if more else None,
            "data": [account.show(row) for row in data],
        }

    return found


def _parsed(kind: str, query: str) -> tuple[list[_Clause], bool]:
    """The clauses, and whether all of them are to hold."""
    clauses: list[_Clause] = []
    joins: set[str] = set()
    query, at = query.strip(), 0
    while at < len(query):
        part = _CLAUSE.match(query, at)
        if part is None or (part["join"] and not clauses):
            raise _wrong(f"We were unable to parse your search query at: {query[at : at + 40]!r}.")
        if clauses:
            joins.add((part["join"] or "AND").upper())
        clauses.append(_clause(kind, part))
        at = part.end()
    if not clauses:
        raise _wrong("A search query has at least one clause.")
    if len(clauses) > CLAUSES_MAX:
        raise _wrong(f"A search query has at most {CLAUSES_MAX} clauses.")
    if len(joins) > 1:
        raise _wrong("A search query joins its clauses by AND or by OR, not by both.")
    return clauses, joins != {"OR"}


def _clause(kind: str, part: re.Match[str]) -> _Clause:
    if part["field"] is None:
        path, sort = ("metadata", _plain(part["key"])), _TEXT
    else:
        sort = FIELDS[kind].get(part["field"], "")
        path = tuple(part["field"].split("."))
        if not sort:
            raise _wrong(f"Field `{part['field']}` is an unsupported search field for resource `{kind}s`.")
    quoted = part["double"] if part["double"] is not None else part["single"]
    value = _plain(quoted) if quoted is not None else part["bare"]
    found = _Clause(path, sort, part["operator"], value, bool(part["not"]))
    if quoted is None and value.lower() == "null":
        return _Clause(path, sort, ":", None, bool(part["not"]))
    if found.operator in _NUMBERS and (sort != _NUMBER or not re.fullmatch(r"-?\d+", value)):
        raise _wrong(f"`{found.operator}` compares numbers; `{'.'.join(path)}` {value!r} is none.")
    if found.operator == "~" and (sort != _TEXT or len(value) < PART_MIN):
        raise _wrong(f"`~` looks for at least {PART_MIN} characters in a field that holds text.")
    return found


def _found(row: Row, path: tuple[str, ...]) -> Any:
    if path == ("subscription",):
        return row["_subscription"]
    found: Any = row.shown()
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _plain(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted)


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"search/{position}".encode()).decode()


def _place(page: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(page).decode().removeprefix("search/"))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise StripeError("Invalid page: it is no next_page of a search.", param="page") from None


def _wrong(message: str) -> StripeError:
    return StripeError(f"{message} See https://stripe.com/docs/search#search-query-language.", param="query")
