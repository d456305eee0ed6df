"""The lines of every kind of document: read and checked on the way in, written on the way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.xero import wire
from sandbox.xero.amounts import NO_TAX, effective_rate, line_total, tax_on
from sandbox.xero.errors import InvalidError
from sandbox.xero.ledger import Ledger
from sandbox.xero.rows import Account, Item, ItemPrice, Line
from sandbox.xero.tracking import read_tracking, shown_tracking
from sandbox.xero.wire import Element

_CLOSED_SYSTEM_ACCOUNTS = frozenset({"DEBTORS", "CREDITORS", "BANKCURRENCYGAIN", "REALISEDCURRENCYGAIN"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a document says about all of its lines."""

    line_amount_types: str
    unit_places: int = 2
    """Decimals kept of UnitAmount: 4 where the request said unitdp=4."""
    sale: bool = True
    coded: bool = True
    """Whether every line needs an account: drafts do not."""
    discounts: bool = True


def account_of(ledger: Ledger, element: Element) -> Account | None:
    """By AccountID or by Code, as payments and bank transactions name theirs."""
    if account_id := wire.read_text(element, "AccountID"):
        return ledger.accounts.get(account_id.lower())
    code = wire.read_text(element, "Code")
    return next(iter(ledger.accounts.having("code", code)), None) if code else None


def read_lines(
    ledger: Ledger, elements: Sequence[Element], terms: Terms, document_id: str, before: Sequence[Line] = ()
) -> tuple[Line, ...]:
    """All lines, or one InvalidError with all that is wrong with them."""
    kept_ids = {line.id for line in before}
    lines: list[Line] = []
    messages: list[str] = []
    for place, element in enumerate(elements):
        sent_id = (wire.read_text(element, "LineItemID") or "").lower()
        line_id = sent_id if sent_id in kept_ids else ledger.new_id(None, "line", document_id, place)
        while sent_id not in kept_ids and any(line.id == line_id for line in (*before, *lines)):
            line_id = ledger.new_id(None, "line", document_id, place, line_id)
        try:
            lines.append(_Reading(ledger, element, terms).line(line_id))
        except InvalidError as invalid:
            messages += invalid.messages
    if messages:
        raise InvalidError(*dict.fromkeys(messages))
    return tuple(lines)


class _Reading:
    def __init__(self, ledger: Ledger, element: Element, terms: Terms) -> None:
        self.ledger = ledger
        self.element = element
        self.terms = terms

    def line(self, line_id: str) -> Line:
        item = self._item()
        price = (item.sales if self.terms.sale else item.purchase) if item else ItemPrice()
        text = wire.read_text(self.element, "Description") or (item.description if item else None)
        if not text:
            raise InvalidError("Description is required for each line item")
        unit = wire.read_number(self.element, "UnitAmount")
        line_amount = wire.read_amount(self.element, "LineAmount")
        if unit is None and line_amount is None:
            unit = price.unit_price
        if unit is None and line_amount is None:
            return Line(line_id, text, None, None, 0, 0, None, None, item.code if item else None)
        account = self._account(price)
        tax_type = self._tax_type(account, price)
        quantity, unit, line_amount, rate, off = self._amounts(unit, line_amount)
        return Line(
            id=line_id,
            description=text,
            quantity=quantity,
            unit_amount=unit,
            line_amount=line_amount,
            tax_amount=self._tax(line_amount, tax_type),
            tax_type=tax_type,
            account_id=account.id if account else None,
            item_code=item.code if item else None,
            discount_rate=rate,
            discount_amount=off,
            tracking=read_tracking(self.ledger, self.element),
        )

    def _item(self) -> Item | None:
        code = wire.read_text(self.element, "ItemCode")
        if not code:
            return None
        found = self.ledger.items.having("code", code)
        if not found:
            raise InvalidError(f"Item code '{code}' is not valid")
        return found[0]

    def _account(self, price: ItemPrice) -> Account | None:
        code = wire.read_text(self.element, "AccountCode") or price.account_code
        account_id = wire.read_text(self.element, "AccountID")
        if not code and not account_id:
            if self.terms.coded:
                raise InvalidError("Account code or ID must be specified")
            return None
        account = account_of(self.ledger, {"AccountID": account_id, "Code": code})
        if (
            account is None
            or account.status != "ACTIVE"
            or account.type == "BANK"
            or account.system_account in _CLOSED_SYSTEM_ACCOUNTS
        ):
            known = f"Account code '{code or account_id}' is not a valid code for this document."
            raise InvalidError(self.ledger.rules.words(known))
        return account

    def _tax_type(self, account: Account | None, price: ItemPrice) -> str | None:
        if self.terms.line_amount_types == NO_TAX:
            return "NONE"
        named = wire.read_text(self.element, "TaxType") or price.tax_type
        if named is None:
            return account.tax_type if account else None
        rate = self.ledger.tax_rates.get(named)
        if rate is None or rate.status != "ACTIVE":
            raise InvalidError(
                f"The TaxType code '{named}' does not exist or cannot be used for this type of transaction."
            )
        if account and account.account_class not in rate.classes:
            raise InvalidError(f"The TaxType code '{named}' cannot be used with account code '{account.code}'.")
        return named

    def _tax(self, line_amount: int, tax_type: str | None) -> int:
        if self.terms.line_amount_types == NO_TAX or tax_type is None:
            return 0
        override = wire.read_amount(self.element, "TaxAmount")
        if override is not None:
            return override
        rate = effective_rate(self.ledger.tax_rates[tax_type].components)
        return tax_on(line_amount, rate, self.terms.line_amount_types)

    def _amounts(
        self, unit: Decimal | None, line_amount: int | None
    ) -> tuple[Decimal, Decimal, int, Decimal | None, int | None]:
        quantity = wire.read_number(self.element, "Quantity")
        if quantity is None and unit and line_amount is not None:
            quantity = wire.amount(line_amount) / unit  # Xero: of quantity, price and amount two are enough
        quantity = Decimal(1) if quantity is None else wire.rounded(quantity, 4)
        rate = wire.read_number(self.element, "DiscountRate") or None
        off = wire.read_amount(self.element, "DiscountAmount") or None
        if (rate or off) and not self.terms.discounts:
            raise InvalidError("Discounts can only be given on sales invoices and quotes")
        if rate and off:
            raise InvalidError("Only one of DiscountRate and DiscountAmount can be given")
        if rate is not None and not 0 <= rate <= 100:
            raise InvalidError("DiscountRate must be between 0 and 100")
        if unit is None:
            gross = wire.amount((line_amount or 0) + (off or 0))
            unit = gross / quantity if quantity else gross
            return quantity, wire.rounded(unit, 4), line_amount or 0, rate, off
        unit = wire.rounded(unit, self.terms.unit_places)
        expected = line_total(quantity, unit, rate, off)
        if line_amount is not None and line_amount != expected and self.ledger.rules.line_total_must_match:
            raise InvalidError(
                f"The line total {wire.amount(line_amount)} does not match"
                f" the expected line total {wire.amount(expected)}"
            )
        return quantity, unit, expected if line_amount is None else line_amount, rate, off


def shown_line(ledger: Ledger, line: Line, unit_places: int) -> dict[str, Any]:
    account = ledger.accounts.get(line.account_id) if line.account_id else None
    shown: dict[str, Any] = {"LineItemID": line.id, "Description": line.description}
    if line.unit_amount is not None:
        shown |= {
            "UnitAmount": wire.rounded(line.unit_amount, unit_places),
            "Quantity": line.quantity,
            "TaxType": line.tax_type,
            "TaxAmount": wire.amount(line.tax_amount),
            "LineAmount": wire.amount(line.line_amount),
        }
    shown |= {
        "ItemCode": line.item_code,
        "AccountCode": account.code if account else None,
        "AccountID": account.id if account else None,
        "DiscountRate": line.discount_rate,
        "DiscountAmount": None if line.discount_amount is None else wire.amount(line.discount_amount),
    }
    return {name: value for name, value in shown.items() if value is not None} | {
        "Tracking": shown_tracking(ledger, line.tracking),
        "ValidationErrors": [],
    }
