"""The hub's own books: the trial balance of any day, and the postings behind each figure."""

import re
from datetime import date

from flask import Blueprint, abort, render_template

from core.accounts import AccountRole
from core.money import EXPONENTS
from core.store import connections, ledger
from core.store.reading import account as reading
from web.pages import here

pages = Blueprint("books", __name__, url_prefix="/trial-balance")

_ROLES = {role.value: role for role in AccountRole}
_PLACE = re.compile(r"\d{4}-\d{2}-\d{2}\.[0-9A-Z]{26}\.\d{1,6}")


@pages.get("")
def trial_balance() -> str:
    until, problem = _until()
    with here.hub().store.read() as database:
        held = [
            (book, ledger.balances(database, here.workspace_id(), book.id, until))
            for book in connections.books(database, here.workspace_id())
        ]
    return render_template("trial_balance.html", books=held, until=until, problem=problem)


@pages.get("/<book_id>/<code>/<currency>")
def account(book_id: str, code: str, currency: str) -> str:
    until, _ = _until()
    before = here.older()
    if code not in _ROLES or currency not in EXPONENTS or (before and not _PLACE.fullmatch(before)):
        abort(404)
    with here.hub().store.read() as database:
        book = next((one for one in connections.books(database, here.workspace_id()) if one.id == book_id), None)
        if book is None:
            abort(404)
        balance = [
            row
            for row in ledger.balances(database, here.workspace_id(), book.id, until)
            if row.role.value == code and row.currency == currency
        ]
        page = reading.postings(database, here.workspace_id(), book.id, code, currency, until, before)
    return render_template(
        "account.html", book=book, role=_ROLES[code], currency=currency, until=until, balance=balance, page=page
    )


def _until() -> tuple[str | None, str]:
    """A day, and what is wrong with what was typed."""
    typed = here.words("until")
    try:
        return (date.fromisoformat(typed).isoformat() if typed else None), ""
    except ValueError:
        return None, f"{typed} is not a day; write it as 2026-11-23. This is the balance of all days."
