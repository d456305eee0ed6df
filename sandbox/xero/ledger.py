"""Everything that one organisation holds, and what every kind needs from it: tables, ids, today, rules."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sandbox.kit import Clock
from sandbox.xero import rows
from sandbox.xero.codec import decode, encode
from sandbox.xero.errors import InvalidError
from sandbox.xero.rules import Rules
from sandbox.xero.table import Journal, R, Table

_NAMESPACE = UUID("6d1b2f0a-5f0e-5b52-9d53-0c1f7e6f3a10")

DAY_RATES = {
    "EUR": Decimal(1),
    "USD": Decimal("1.084700"),
    "GBP": Decimal("0.851200"),
    "CHF": Decimal("0.953100"),
    "JPY": Decimal("162.350000"),
    "KWD": Decimal("0.335008"),
}
"""What an omitted CurrencyRate becomes: units for one euro, the same on every day and in every run."""


@dataclass(frozen=True, slots=True)
class Organisation:
    name: str = "Sandbox Software GmbH"
    base_currency: str = "EUR"
    country: str = "DE"
    timezone: str = "Europe/Berlin"
    period_lock_date: date | None = None
    end_of_year_lock_date: date | None = None


def _spoken(day: date) -> str:
    """31-Jan-2026, whatever the locale."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day.day:02}-{months[day.month - 1]}-{day.year}"


class Ledger:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.seed = 1
        self.organisation_id = str(uuid5(_NAMESPACE, "organisation"))
        """Also the tenant id: it outlives a reset, as the credentials do."""
        self.journal = Journal()
        self.organisation = Organisation()
        self.rules = Rules()
        self.removed: set[str] = set()
        """Ids of rows that were deleted for good, so that none is given twice."""
        self._row_types: dict[str, type] = {}
        self.tables: dict[str, Table[Any]] = {}
        """By kind."""
        self.accounts = self._table(
            "account",
            rows.Account,
            {"code": lambda row: row.code, "name": lambda row: row.name.casefold()},
            ("code", "name"),
        )
        self.tax_rates = self._table("tax_rate", rows.TaxRate, {"name": lambda row: row.name}, ("name",))
        self.currencies = self._table("currency", rows.Currency, {}, ())
        self.tracking_categories = self._table(
            "tracking_category", rows.TrackingCategory, {"name": lambda row: row.name.casefold()}, ("name",)
        )
        self.items = self._table("item", rows.Item, {"code": lambda row: row.code}, ("code",))
        self.deleted_items = self._table("deleted_item", rows.Item, {}, ("code",))
        """Only where a rule lets them show."""
        self.contacts = self._table(
            "contact",
            rows.Contact,
            {"name": lambda row: row.name.casefold(), "number": lambda row: row.number},
            ("name", "number"),
        )
        self.invoices = self._table(
            "invoice",
            rows.Invoice,
            {
                "number": lambda row: row.number,
                "contact": lambda row: row.contact_id,
                "contact_and_type": lambda row: (row.contact_id, row.type),
                "reference": lambda row: row.reference,
            },
            ("number", "reference", "status"),
        )
        self.credit_notes = self._credits("credit_note")
        self.overpayments = self._credits("overpayment")
        self.prepayments = self._credits("prepayment")
        self.allocations = self._table(
            "allocation",
            rows.Allocation,
            {"credit": lambda row: row.credit_id, "invoice": lambda row: row.invoice_id},
            ("credit_id", "invoice_id"),
        )
        self.payments = self._table(
            "payment",
            rows.Payment,
            {
                "document": lambda row: row.document_id,
                "account": lambda row: row.account_id,
                "reference": lambda row: row.reference,
            },
            ("reference", "status"),
        )
        self.batch_payments = self._table(
            "batch_payment",
            rows.BatchPayment,
            {"account": lambda row: row.account_id},
            ("reference", "status"),
        )
        self.bank_transactions = self._table(
            "bank_transaction",
            rows.BankTransaction,
            {
                "account": lambda row: row.account_id,
                "contact": lambda row: row.contact_id,
                "reference": lambda row: row.reference,
            },
            ("type", "reference", "status"),
        )
        self.bank_transfers = self._table(
            "bank_transfer",
            rows.BankTransfer,
            {"reference": lambda row: row.reference},
            ("reference", "status"),
        )
        self.manual_journals = self._table(
            "manual_journal",
            rows.ManualJournal,
            {"narration": lambda row: row.narration},
            ("narration", "status"),
        )
        self.quotes = self._table(
            "quote",
            rows.Quote,
            {"number": lambda row: row.number, "contact": lambda row: row.contact_id},
            ("number", "reference", "status"),
        )
        self.of_contacts: tuple[Table[Any], ...] = (
            self.invoices,
            self.credit_notes,
            self.overpayments,
            self.prepayments,
            self.bank_transactions,
            self.quotes,
        )
        """What belongs to a contact."""

    def _table(
        self,
        kind: str,
        row_type: type[R],
        keys: Mapping[str, Callable[[R], Hashable]],
        natural: tuple[str, ...],
    ) -> Table[R]:
        table: Table[R] = Table(kind, self.journal, keys, natural)
        self._row_types[kind] = row_type
        self.tables[kind] = table
        return table

    def _credits(self, kind: str) -> Table[rows.Credit]:
        keys: dict[str, Callable[[rows.Credit], Hashable]] = {
            "number": lambda row: row.number,
            "contact": lambda row: row.contact_id,
            "reference": lambda row: row.reference,
        }
        return self._table(kind, rows.Credit, keys, ("number", "reference", "status"))

    def now(self) -> datetime:
        """In whole milliseconds, which is all that the wire can tell."""
        moment = self.clock.now()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def today(self) -> date:
        return self.clock.now().astimezone(ZoneInfo(self.organisation.timezone)).date()

    def new_id(self, table: Table[Any] | None, kind: str, *natural: object) -> str:
        """The same whatever was created before, except for things of the same natural key."""
        uses = 0
        while True:
            new = str(uuid5(_NAMESPACE, repr((self.seed, kind, *map(str, natural), uses))))
            if new not in self.removed and (table is None or table.get(new) is None):
                return new
            uses += 1

    def check_currency(self, code: str) -> None:
        if self.currencies.get(code) is None:
            raise InvalidError(self.rules.words(f"Organisation is not subscribed to currency {code}"))

    def rate_of(self, code: str, given: Decimal | None) -> Decimal:
        if code == self.organisation.base_currency:
            return Decimal("1.000000")
        if given is not None and given <= 0:
            raise InvalidError("The currency rate must be greater than zero")
        if given is not None:
            return given
        base, foreign = (DAY_RATES.get(one, Decimal(1)) for one in (self.organisation.base_currency, code))
        rate = foreign / base if self.rules.rates_are_foreign_units_for_a_base_unit else base / foreign
        return rate.quantize(Decimal("0.000001"))

    def check_lock_dates(self, day: date) -> None:
        """A lock date closes its own day and all before it."""
        locks = (
            ("period", self.organisation.period_lock_date),
            ("end of year", self.organisation.end_of_year_lock_date),
        )
        messages = [
            self.rules.words(
                f"The document date cannot be before the {name} lock date, currently set at {_spoken(until)}"
            )
            for name, until in locks
            if until and day <= until
        ]
        if messages:
            raise InvalidError(*messages)

    def state(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "organisation": encode(self.organisation),
            "rules": encode(self.rules),
            "removed": sorted(self.removed),
            "tables": {table.kind: [encode(row) for row in table.in_order()] for table in self.tables.values()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.seed = state["seed"]
        self.organisation = decode(Organisation, state["organisation"])
        self.rules = decode(Rules, state["rules"])
        self.removed = set(state["removed"])
        for kind, table in self.tables.items():
            table.load(decode(self._row_types[kind], row) for row in state["tables"][kind])

    def frozen(self) -> "Ledger":
        """A copy for reading, which later changes do not reach."""
        copy = Ledger(self.clock)
        copy.seed, copy.organisation, copy.rules = self.seed, self.organisation, self.rules
        for kind, table in self.tables.items():
            copy.tables[kind].load(table.in_order())
        return copy
