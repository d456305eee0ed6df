"""The nouns of a subscription business, as values: what each kind is, whoever keeps it.

An entity's ids are in the coordinates of whoever speaks: in a vendor's translator they are that vendor's ids, in the
hub they are ours. `references` and `with_ids` are how they change coordinates, in one place, because every field
that holds another entity's id says which kind it points to.

Amounts are whole minor units of the entity's currency; unit prices and quantities are Decimal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from core.kinds import Kind


def _ref(kind: Kind) -> dict[str, Kind]:
    return {"kind": kind}


@dataclass(frozen=True, slots=True)
class Address:
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    name: str
    email: str = ""
    phone: str = ""
    address: Address = Address()
    tax_exempt: str = "none"
    """none, exempt or reverse"""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    name: str
    description: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class Coupon:
    """Either a percentage or an amount in one currency."""

    name: str
    percent_off: Decimal | None
    currency: str
    amount_off_minor: int
    duration: str
    """once, repeating or forever"""
    duration_months: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class PromotionCode:
    coupon: str = field(metadata=_ref(Kind.COUPON))
    code: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Tier:
    up_to: Decimal | None
    """The last unit that it is for, inclusive; None for the rest."""
    unit_amount: Decimal
    flat_amount: Decimal
    """Both in major units."""


@dataclass(frozen=True, slots=True)
class Price:
    product: str = field(metadata=_ref(Kind.PRODUCT))
    currency: str
    unit_amount: Decimal | None
    """In major units; None where tiers or the customer decide."""
    tax_behavior: str
    """inclusive, exclusive or unspecified"""
    interval: str = ""
    """day, week, month or year; empty for a one-off price"""
    interval_count: int = 0
    nickname: str = ""
    active: bool = True
    metered: bool = False
    package_size: int = 0
    """Units that are sold together, the last package always whole; 0 where each is sold by itself."""
    tiers_mode: str = ""
    """graduated or volume; empty without tiers"""
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxRate:
    name: str
    percentage: Decimal
    inclusive: bool
    country: str = ""
    region: str = ""
    tax_type: str = ""
    """vat, gst, sales_tax ... as the gateway names it"""
    active: bool = True


@dataclass(frozen=True, slots=True)
class SubscriptionItem:
    price: str = field(metadata=_ref(Kind.PRICE))
    quantity: Decimal | None
    """None where usage decides."""
    period_from: datetime | None
    period_until: datetime | None
    """End exclusive."""


@dataclass(frozen=True, slots=True)
class Subscription:
    customer: str = field(metadata=_ref(Kind.CUSTOMER))
    status: str
    """incomplete, trialing, active, past_due, unpaid, paused, canceled ... as the gateway names it"""
    currency: str
    started_at: datetime
    trial_ends_at: datetime | None
    cancels_at: datetime | None
    """When it will end, if that is decided."""
    ended_at: datetime | None
    items: tuple[SubscriptionItem, ...]


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


COUNTING_STATUSES = tuple(status for status in InvoiceStatus if status not in {InvoiceStatus.DRAFT, InvoiceStatus.VOID})
"""Of what stands in the books: issued and not void."""


@dataclass(frozen=True, slots=True)
class LineTax:
    rate: str = field(metadata=_ref(Kind.TAX_RATE))
    taxable_minor: int
    amount_minor: int
    inclusive: bool


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    description: str
    quantity: Decimal
    net_minor: int
    """After discounts, without tax: what is revenue."""
    taxes: tuple[LineTax, ...] = ()
    discount_minor: int = 0
    """Already taken off `net_minor`; kept so that a document can tell it."""
    price: str | None = field(default=None, metadata=_ref(Kind.PRICE))
    product: str | None = field(default=None, metadata=_ref(Kind.PRODUCT))
    unit_amount: Decimal | None = None
    service_from: datetime | None = None
    service_until: datetime | None = None
    """End exclusive."""
    id: str = ""
    """The origin's own id of the line: what a credit note names."""

    @property
    def tax_minor(self) -> int:
        return sum(tax.amount_minor for tax in self.taxes)


@dataclass(frozen=True, slots=True)
class Invoice:
    customer: str = field(metadata=_ref(Kind.CUSTOMER))
    status: InvoiceStatus
    currency: str
    number: str
    """Empty while it is a draft."""
    issued_at: datetime | None
    """When it took effect; None while it is a draft. The document's date is this moment's date in the book's zone."""
    due_at: datetime | None
    lines: tuple[InvoiceLine, ...]
    total_minor: int
    tax_minor: int
    due_minor: int
    """What is still to be paid."""
    subscription: str | None = field(default=None, metadata=_ref(Kind.SUBSCRIPTION))
    memo: str = ""
    from_balance_minor: int = 0
    """What the customer's balance settled of it when it was issued; negative for what went to the balance."""

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def counts(self) -> bool:
        """Whether it stands in the books."""
        return self.status in COUNTING_STATUSES


@dataclass(frozen=True, slots=True)
class Application:
    """The part of a payment that settles one invoice."""

    invoice: str = field(metadata=_ref(Kind.INVOICE))
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that arrived at the gateway (or is still on its way, or failed: then it is not in the books)."""

    customer: str | None = field(metadata=_ref(Kind.CUSTOMER))
    currency: str
    amount_minor: int
    succeeded: bool
    received_at: datetime | None
    """When the gateway's balance grew: the moment of its balance transaction."""
    applications: tuple[Application, ...]
    settled_currency: str = ""
    settled_minor: int = 0
    """What the balance grew by, before fees, in the currency that the gateway settles in."""
    charge: str = ""
    """The gateway's own id of the charge, for references on documents."""


@dataclass(frozen=True, slots=True)
class CreditNoteLine:
    invoice_line: str
    """The invoice's line that it takes back, by the origin's id of it; empty for an amount of its own."""
    description: str
    quantity: Decimal
    net_minor: int
    """Positive: what revenue falls by."""
    taxes: tuple[LineTax, ...] = ()

    @property
    def tax_minor(self) -> int:
        return sum(tax.amount_minor for tax in self.taxes)


@dataclass(frozen=True, slots=True)
class CreditNote:
    """Takes back an invoice or a part of it. Its total lowers what is due, is refunded, or is kept for later."""

    customer: str = field(metadata=_ref(Kind.CUSTOMER))
    invoice: str = field(metadata=_ref(Kind.INVOICE))
    number: str
    void: bool
    currency: str
    issued_at: datetime
    lines: tuple[CreditNoteLine, ...]
    total_minor: int
    tax_minor: int
    due_lowered_minor: int
    """Of the total: what it took off the invoice's open amount."""
    refunded_minor: int
    """Of the total: what goes back through the gateway."""
    to_balance_minor: int
    """Of the total: what the customer keeps with us as credit."""
    outside_minor: int
    """Of the total: what was given back outside the gateway."""
    reason: str = ""

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class Allocation:
    """The part of a credit that lowers what is due of an invoice: the credit's twin of an application.

    The credit is a credit note's, a negative invoice's, or, where it is neither's, nobody's that is known.
    """

    credit_note: str | None = field(metadata=_ref(Kind.CREDIT_NOTE))
    invoice: str = field(metadata=_ref(Kind.INVOICE))
    currency: str
    amount_minor: int
    allocated_at: datetime
    void: bool
    credit: str | None = field(default=None, metadata=_ref(Kind.INVOICE))
    """The negative invoice, where it was one that gave the credit."""


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back through the gateway; what it was for is told by the credit notes that cover it, if any."""

    payment: str = field(metadata=_ref(Kind.PAYMENT))
    customer: str | None = field(metadata=_ref(Kind.CUSTOMER))
    currency: str
    amount_minor: int
    succeeded: bool
    refunded_at: datetime | None
    """When the gateway's balance fell."""
    settled_currency: str
    settled_minor: int
    """What the balance fell by, positive."""
    covered_minor: int
    """How much of it credit notes explain."""
    failed_at: datetime | None = None
    """When the money came back, because it could not be delivered."""
    reason: str = ""

    @property
    def counts(self) -> bool:
        """Whether the money is gone: it left the balance and has not come back."""
        return self.succeeded and self.refunded_at is not None and self.failed_at is None


@dataclass(frozen=True, slots=True)
class CreditRefund:
    """The part of a refund that pays out a credit note."""

    credit_note: str = field(metadata=_ref(Kind.CREDIT_NOTE))
    refund: str = field(metadata=_ref(Kind.REFUND))
    currency: str
    amount_minor: int
    void: bool


@dataclass(frozen=True, slots=True)
class Fee:
    type: str
    """stripe_fee, application_fee, tax ... as the gateway names it"""
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """One movement of the gateway's balance: amount less fees is what it grew by."""

    type: str
    category: str
    """The gateway's own word for what the movement is in a report."""
    currency: str
    amount_minor: int
    fee_minor: int
    moved_at: datetime
    source: str
    """The gateway's id of what caused it; empty where nothing did."""
    fees: tuple[Fee, ...] = ()


Entity = (
    Customer
    | Product
    | TaxRate
    | Coupon
    | PromotionCode
    | Price
    | Subscription
    | Invoice
    | Payment
    | CreditNote
    | Allocation
    | Refund
    | CreditRefund
    | BalanceTransaction
)

ENTITY_TYPES: dict[Kind, type[Entity]] = {
    Kind.CUSTOMER: Customer,
    Kind.PRODUCT: Product,
    Kind.TAX_RATE: TaxRate,
    Kind.COUPON: Coupon,
    Kind.PROMOTION_CODE: PromotionCode,
    Kind.PRICE: Price,
    Kind.SUBSCRIPTION: Subscription,
    Kind.INVOICE: Invoice,
    Kind.PAYMENT: Payment,
    Kind.CREDIT_NOTE: CreditNote,
    Kind.ALLOCATION: Allocation,
    Kind.REFUND: Refund,
    Kind.CREDIT_REFUND: CreditRefund,
    Kind.BALANCE_TRANSACTION: BalanceTransaction,
}

PERSONAL = frozenset({Kind.CUSTOMER})
"""Kinds whose fields tell about a person: stored sealed only."""

_E = TypeVar("_E")


def references(entity: Any) -> Iterator[tuple[Kind, str]]:
    """Every other entity that this one points to, parts included."""
    for spec in fields(entity):
        value = getattr(entity, spec.name)
        if "kind" in spec.metadata:
            if value is not None:
                yield spec.metadata["kind"], value
        elif isinstance(value, tuple):
            for part in value:
                yield from references(part)


def with_ids(entity: _E, translate: Callable[[Kind, str], str]) -> _E:
    """The same entity with every reference in other coordinates. `translate` may raise for an id it does not know."""
    changes: dict[str, Any] = {}
    for spec in fields(entity):  # type: ignore[arg-type]
        value = getattr(entity, spec.name)
        if "kind" in spec.metadata:
            if value is not None:
                changes[spec.name] = translate(spec.metadata["kind"], value)
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            changes[spec.name] = tuple(with_ids(part, translate) for part in value)
    return replace(entity, **changes) if changes else entity  # type: ignore[type-var]
