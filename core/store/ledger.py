"""The books: entries are added and reversed, never edited. Rates are dated facts with a source."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import Connection, and_, func, insert, or_, select

from core.accounts import AccountRole
from core.canonical import digest
from core.money import exponent
from core.postings import BalanceRow, Entry, Rate, check
from core.store import schema
from core.store.work import Work

_ROLES = {role.value: role for role in AccountRole}


def rate_on(connection: Connection, workspace_id: str, book_id: str, currency: str, on: str) -> Rate | None:
    """The rate to the book's base currency known last before or on that day (ISO)."""
    rate = schema.exchange_rate
    row = connection.execute(
        select(rate.c.value, rate.c.source, rate.c.on)
        .where(
            rate.c.workspace_id == workspace_id,
            rate.c.book_id == book_id,
            rate.c.currency == currency,
            rate.c.on <= on,
        )
        .order_by(rate.c.on.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Rate(row.value, row.source, row.on)


def set_rate(work: Work, book_id: str, currency: str, on: str, value: Decimal, source: str) -> None:
    exponent(currency)
    work.connection.execute(
        insert(schema.exchange_rate).values(
            workspace_id=work.workspace_id, book_id=book_id, currency=currency, on=on, value=value, source=source
        )
    )


def post(
    work: Work,
    book_id: str,
    base_currency: str,
    wanted: Mapping[str, tuple[str | None, Sequence[Entry]]],
) -> None:
    """Makes the books say what `wanted` says, by record id: (customer's record id, entries).

    What stands already stays; what is no longer right is reversed on its own date; what is new is added.
    """
    standing = _standing(work, list(wanted))
    wrong, entries, postings = [], [], []
    for record_id, (customer_id, new) in wanted.items():
        hashes = {digest(entry): entry for entry in new}
        wrong += [
            entry_id for entry_id, content_hash in standing.get(record_id, []) if hashes.pop(content_hash, None) is None
        ]
        for content_hash, entry in hashes.items():
            check(entry)
            entry_id = work.new_id()
            entries.append(
                {
                    "workspace_id": work.workspace_id,
                    "id": entry_id,
                    "book_id": book_id,
                    "record_id": record_id,
                    "reverses_id": None,
                    "event": entry.event,
                    "posted_on": entry.posted_on,
                    "rate": entry.rate.value if entry.rate else None,
                    "rate_source": entry.rate.source if entry.rate else "",
                    "rate_on": entry.rate.on if entry.rate else "",
                    "content_hash": content_hash,
                    "created_at": work.now,
                }
            )
            postings += [
                {
                    "workspace_id": work.workspace_id,
                    "entry_id": entry_id,
                    "position": position,
                    "customer_id": customer_id,
                    "account": line.role.value,
                    "currency": line.currency,
                    "amount_minor": line.amount_minor,
                    "base_currency": base_currency,
                    "base_minor": line.base_minor,
                    "document_line": line.document_line,
                }
                for position, line in enumerate(entry.lines)
            ]
    if wrong:
        _reverse(work, wrong)
    if entries:
        work.connection.execute(insert(schema.entry), entries)
        work.connection.execute(insert(schema.posting), postings)


def balances(
    connection: Connection, workspace_id: str, book_id: str, until: str | None = None
) -> tuple[BalanceRow, ...]:
    """The trial balance at the end of a day (ISO), or of all days."""
    entry, posting = schema.entry, schema.posting
    conditions = [entry.c.workspace_id == workspace_id, entry.c.book_id == book_id]
    if until is not None:
        conditions.append(entry.c.posted_on <= until)
    amount, base = func.sum(posting.c.amount_minor), func.sum(posting.c.base_minor)
    rows = connection.execute(
        select(posting.c.account, posting.c.currency, amount.label("amount"), base.label("base"))
        .join(entry, and_(entry.c.workspace_id == posting.c.workspace_id, entry.c.id == posting.c.entry_id))
        .where(*conditions)
        .group_by(posting.c.account, posting.c.currency)
        .having(or_(amount != 0, base != 0))
        .order_by(posting.c.account, posting.c.currency)
    )
    return tuple(BalanceRow(_ROLES[row.account], row.currency, int(row.amount), int(row.base)) for row in rows)


def _standing(work: Work, record_ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """(id, content hash) of the entries that are neither reversals nor reversed, by record."""
    entry = schema.entry
    rows = work.connection.execute(
        select(entry.c.id, entry.c.record_id, entry.c.content_hash, entry.c.reverses_id).where(
            entry.c.workspace_id == work.workspace_id, entry.c.record_id.in_(record_ids)
        )
    ).all()
    # which are reversed is seen here, and not asked: of all entries nearly none reverses another, and SQLite would take
    # that for the narrower way in
    struck = {ident for row in rows for ident in (row.id, row.reverses_id) if row.reverses_id}
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if row.id not in struck:
            found.setdefault(row.record_id, []).append((row.id, row.content_hash))
    return found


def _reverse(work: Work, entry_ids: Sequence[str]) -> None:
    entry, posting = schema.entry, schema.posting
    standing = work.connection.execute(
        select(entry).where(entry.c.workspace_id == work.workspace_id, entry.c.id.in_(entry_ids))
    ).mappings()
    reversal_ids = {entry_id: work.new_id() for entry_id in entry_ids}
    reversals = [
        {
            **old,
            "id": reversal_ids[old["id"]],
            "reverses_id": old["id"],
            "event": f"{old['event']} reversed",
            "content_hash": digest(["reversal of", old["content_hash"]]),
            "created_at": work.now,
        }
        for old in standing
    ]
    lines = work.connection.execute(
        select(posting).where(posting.c.workspace_id == work.workspace_id, posting.c.entry_id.in_(entry_ids))
    ).mappings()
    opposites = [
        {
            **line,
            "entry_id": reversal_ids[line["entry_id"]],
            "amount_minor": -line["amount_minor"],
            "base_minor": -line["base_minor"],
        }
        for line in lines
    ]
    work.connection.execute(insert(entry), reversals)
    work.connection.execute(insert(posting), opposites)
