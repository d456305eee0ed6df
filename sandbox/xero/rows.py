"""What the organisation holds. Rows are frozen: a change is a new row under the same id, so that a refused
request can be undone and a snapshot costs nothing. Amounts are integers in hundredths of their currency.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    updated_at: datetime
    code: str
    name: str
    type: str
    account_class: str
    status: str = "ACTIVE"
    tax_type: str = "NONE"
    description: str | None = None
    system_account: str | None = None
    enable_payments: bool = False
    bank_account_number: str | None = None
    bank_account_type: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class TaxComponent:
    name: str
    rate: Decimal
    """Per cent."""
    compound: bool = False
    non_recoverable: bool = False


@dataclass(frozen=True, slots=True)
class TaxRate:
    id: str
    """Its TaxType."""
    updated_at: datetime
    name: str
    components: tuple[TaxComponent, ...]
    report_tax_type: str
    status: str = "ACTIVE"
    classes: tuple[str, ...] = ("ASSET", "EQUITY", "EXPENSE", "LIABILITY", "REVENUE")
    """The account classes it can be applied to."""


@dataclass(frozen=True, slots=True)
class Currency:
    id: str
    """Its ISO 4217 code."""
    updated_at: datetime
    description: str


@dataclass(frozen=True, slots=True)
class ItemPrice:
    unit_price: Decimal | None = None
    account_code: str | None = None
    tax_type: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    updated_at: datetime
    code: str
    name: str | None = None
    description: str | None = None
    purchase_description: str | None = None
    is_sold: bool = True
    is_purchased: bool = True
    sales: ItemPrice = ItemPrice()
    purchase: ItemPrice = ItemPrice()


@dataclass(frozen=True, slots=True)
class Contact:
    id: str
    updated_at: datetime
    name: str
    status: str = "ACTIVE"
    number: str | None = None
    details: tuple[tuple[str, str], ...] = ()
    """The plain texts that are only kept, by their wire names: EmailAddress, TaxNumber, ..."""
    addresses: tuple[tuple[tuple[str, str], ...], ...] = ()
    phones: tuple[tuple[tuple[str, str], ...], ...] = ()
    persons: tuple[tuple[tuple[str, str], ...], ...] = ()
    default_currency: str | None = None
    merged_into_id: str | None = None
    """The contact that took over its documents."""


@dataclass(frozen=True, slots=True)
class Tracking:
    category_id: str
    option_id: str


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    description: str | None
    quantity: Decimal | None
    unit_amount: Decimal | None
    line_amount: int
    tax_amount: int
    tax_type: str | None
    account_id: str | None
    item_code: str | None = None
    discount_rate: Decimal | None = None
    discount_amount: int | None = None
    tracking: tuple[Tracking, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    subtotal: int = 0
    tax: int = 0
    total: int = 0
    discount: int = 0


@dataclass(frozen=True, slots=True)
class Invoice:
    id: str
    updated_at: datetime
    type: str
    number: str
    contact_id: str
    issued_on: date
    status: str
    currency: str
    rate: Decimal
    """Units of the document's currency for one of the base currency."""
    line_amount_types: str
    lines: tuple[Line, ...]
    totals: Totals
    due_on: date | None = None
    reference: str | None = None
    url: str | None = None
    sent_to_contact: bool = False
    expected_on: date | None = None
    planned_on: date | None = None
    paid: int = 0
    credited: int = 0
    fully_paid_on: date | None = None

    @property
    def open(self) -> int:
        """What is still due."""
        return self.totals.total - self.paid - self.credited

    @property
    def applied(self) -> int:
        return self.paid + self.credited

    @property
    def is_receivable(self) -> bool:
        return self.type == "ACCREC"


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note, an overpayment or a prepayment: something that invoices can be settled with."""

    id: str
    updated_at: datetime
    type: str
    number: str
    contact_id: str
    issued_on: date
    status: str
    currency: str
    rate: Decimal
    line_amount_types: str
    lines: tuple[Line, ...]
    totals: Totals
    due_on: date | None = None
    reference: str | None = None
    sent_to_contact: bool = False
    allocated: int = 0
    refunded: int = 0
    fully_paid_on: date | None = None

    @property
    def open(self) -> int:
        """The credit that remains."""
        return self.totals.total - self.allocated - self.refunded

    @property
    def applied(self) -> int:
        return self.allocated + self.refunded

    @property
    def is_receivable(self) -> bool:
        return self.type in {"ACCRECCREDIT", "RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT"}


@dataclass(frozen=True, slots=True)
class Allocation:
    id: str
    updated_at: datetime
    credit_kind: str
    credit_id: str
    invoice_id: str
    allocated_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Payment:
    id: str
    updated_at: datetime
    type: str
    document_kind: str
    """The table of the document that it pays or refunds."""
    document_id: str
    account_id: str
    paid_on: date
    amount: int
    """In the document's currency."""
    bank_amount: int
    """In the account's currency."""
    rate: Decimal
    reference: str | None = None
    status: str = "AUTHORISED"
    is_reconciled: bool = False
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class BatchPayment:
    id: str
    updated_at: datetime
    type: str
    account_id: str
    paid_on: date
    total: int
    payment_ids: tuple[str, ...]
    reference: str | None = None
    status: str = "AUTHORISED"


@dataclass(frozen=True, slots=True)
class BankTransaction:
    id: str
    updated_at: datetime
    type: str
    account_id: str
    issued_on: date
    currency: str
    rate: Decimal
    line_amount_types: str
    lines: tuple[Line, ...]
    totals: Totals
    bank_amount: int
    """What moved the account, in its own currency."""
    status: str = "AUTHORISED"
    contact_id: str | None = None
    reference: str | None = None
    url: str | None = None
    is_reconciled: bool = False
    credit_id: str | None = None
    """The overpayment or prepayment that it made."""


@dataclass(frozen=True, slots=True)
class BankTransfer:
    id: str
    updated_at: datetime
    created_at: datetime
    from_account_id: str
    to_account_id: str
    from_transaction_id: str
    to_transaction_id: str
    transferred_on: date
    amount: int
    reference: str | None = None
    status: str = "AUTHORISED"


@dataclass(frozen=True, slots=True)
class JournalLine:
    account_id: str
    line_amount: int
    tax_amount: int
    tax_type: str
    description: str | None
    tracking: tuple[Tracking, ...] = ()


@dataclass(frozen=True, slots=True)
class ManualJournal:
    id: str
    updated_at: datetime
    narration: str
    posted_on: date
    status: str
    line_amount_types: str
    lines: tuple[JournalLine, ...]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    id: str
    updated_at: datetime
    number: str
    contact_id: str
    issued_on: date
    status: str
    currency: str
    rate: Decimal
    line_amount_types: str
    lines: tuple[Line, ...]
    totals: Totals
    expires_on: date | None = None
    reference: str | None = None
    title: str | None = None
    summary: str | None = None
    terms: str | None = None


@dataclass(frozen=True, slots=True)
class TrackingOption:
    id: str
    name: str
    status: str = "ACTIVE"


@dataclass(frozen=True, slots=True)
class TrackingCategory:
    id: str
    updated_at: datetime
    name: str
    status: str = "ACTIVE"
    options: tuple[TrackingOption, ...] = ()
