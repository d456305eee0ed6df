"""Money that came and went, and what each did to the balance that Stripe keeps for us."""

from collections.abc import Sequence
from dataclasses import replace

from connectors.contract import Row
from connectors.rows import Unreadable, flag, needed_text, part, parts, text, unix_moment
from connectors.stripe.translate.reading import currency_of, minor, needed_reference, reader, reference, remote_id
from core.entities import Application, BalanceTransaction, Entity, Fee, Payment, Refund
from core.kinds import Kind

_Told = Sequence[tuple[Kind, str, Entity]]

# --- balance transaction ---------------------------------------------------------------------------------------------


def _moved(row: Row) -> BalanceTransaction:
    """Amounts in the currency that the balance is kept in. Stripe: what leaves the balance is negative."""
    currency = currency_of(row)
    moved_at = unix_moment(row, "created")
    if moved_at is None:
        raise Unreadable("created is missing")
    amount, fee = minor(row, "amount", currency), minor(row, "fee", currency)
    if amount - fee != minor(row, "net", currency):
        raise Unreadable("net is not amount less fee")
    return BalanceTransaction(
        type=needed_text(row, "type"),
        category=text(row, "reporting_category"),
        currency=currency,
        amount_minor=amount,
        fee_minor=fee,
        moved_at=moved_at,
        source=reference(row, "source"),
        fees=tuple(_fee(detail) for detail in parts(row, "fee_details")),
    )


def _fee(row: Row) -> Fee:
    currency = currency_of(row)
    return Fee(needed_text(row, "type"), minor(row, "amount", currency), currency)


balance_transaction = reader(_moved)


def _moved_by(row: Row, name: str) -> list[tuple[str, BalanceTransaction]]:
    """(its id, what it did) of an expanded balance transaction; nothing where it is null or absent."""
    told = part(row, name)
    return [(remote_id(told), _moved(told))] if told else []


def _beside(*moved: tuple[str, BalanceTransaction]) -> _Told:
    return [(Kind.BALANCE_TRANSACTION, ident, one) for ident, one in moved]


# --- payment ---------------------------------------------------------------------------------------------------------


@reader
def payment(row: Row) -> Payment:
    """{"id", "object": "payment", "payment_intent" or "charge", "invoice_payments"}: composed by the client.

    Stripe: a charge may succeed before its balance transaction is written; until then the money has not arrived.
    """
    charge = _charge(row)
    source = part(row, "payment_intent") or charge
    currency = currency_of(source)
    arrival = _moved_by(charge, "balance_transaction")
    succeeded = text(source, "status") == "succeeded" and flag(charge, "captured", absent=True) and bool(arrival)
    received = "amount_received" if "payment_intent" in row else "amount_captured"
    read = Payment(
        customer=reference(source, "customer") or None,
        currency=currency,
        amount_minor=minor(source, received if succeeded else "amount", currency),
        succeeded=succeeded,
        received_at=None,
        applications=tuple(
            Application(needed_reference(paid, "invoice"), minor(paid, "amount_paid", currency))
            for paid in parts(row, "invoice_payments")
            if text(paid, "status") == "paid"
        ),
        charge=text(charge, "id"),
    )
    if not succeeded:
        return read
    ((_, moved),) = arrival
    return replace(read, received_at=moved.moved_at, settled_currency=moved.currency, settled_minor=moved.amount_minor)


def beside_payment(row: Row) -> _Told:
    return _beside(*_moved_by(_charge(row), "balance_transaction"))


def _charge(row: Row) -> Row:
    return part(row, "charge") or part(part(row, "payment_intent"), "latest_charge")


# --- refund ----------------------------------------------------------------------------------------------------------


@reader
def refund(row: Row) -> Refund:
    """{"id", "object": "refund", "refund", "credit_notes": [{"id", "amount"}]}: composed by the client.

    Stripe: the balance falls when the refund is made, also while it is pending; if it fails, the balance grows again.
    """
    told = part(row, "refund")
    currency = currency_of(told)
    fell = next((moved for _, moved in _moved_by(told, "balance_transaction")), None)
    came_back = next((moved for _, moved in _moved_by(told, "failure_balance_transaction")), None)
    amount = minor(told, "amount", currency)
    covered = sum(minor(note, "amount", currency) for note in parts(row, "credit_notes"))
    if covered > amount:
        raise Unreadable("credit_notes cover more than amount")
    return Refund(
        payment=reference(told, "payment_intent") or needed_reference(told, "charge"),
        # Stripe: a refund names its customer in newer versions, and not always
        customer=reference(told, "customer") or _customer_of(told.get("charge")),
        currency=currency,
        amount_minor=amount,
        succeeded=text(told, "status") == "succeeded",
        refunded_at=fell.moved_at if fell else None,
        settled_currency=fell.currency if fell else currency,
        settled_minor=-fell.amount_minor if fell else 0,
        covered_minor=covered,
        failed_at=came_back.moved_at if came_back else None,
        reason=text(told, "reason"),
    )


def _customer_of(charge: object) -> str | None:
    return reference(charge, "customer") or None if isinstance(charge, dict) else None


def beside_refund(row: Row) -> _Told:
    told = part(row, "refund")
    return _beside(*_moved_by(told, "balance_transaction"), *_moved_by(told, "failure_balance_transaction"))
