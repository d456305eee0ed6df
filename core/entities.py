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


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


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
    memo: str = ""

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def counts(self) -> bool:
        """Whether it stands in the books: issued and not void."""
        return self.status not in {InvoiceStatus.DRAFT, InvoiceStatus.VOID}


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


Entity = Customer | Product | Price | TaxRate | Invoice | Payment

ENTITY_TYPES: dict[Kind, type[Entity]] = {
    Kind.CUSTOMER: Customer,
    Kind.PRODUCT: Product,
    Kind.TAX_RATE: TaxRate,
    Kind.PRICE: Price,
    Kind.INVOICE: Invoice,
    Kind.PAYMENT: Payment,
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
