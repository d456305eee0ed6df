"""The test cards and bank accounts, each with what happens to a charge on it (docs.stripe.com/testing)."""

from collections.abc import Mapping
from dataclasses import dataclass

_DECLINED = "Your card was declined."


@dataclass(frozen=True, slots=True)
class Card:
    name: str
    number: str
    brand: str = "visa"
    country: str = "US"
    code: str | None = None
    """Why a charge is refused; None where it is not."""
    decline_code: str | None = None
    message: str = _DECLINED
    refuses_attachment: bool = False
    needs_action: bool = False
    """A charge asks the customer to authenticate, so that nothing happens off session."""
    disputed: bool = False
    inquired: bool = False
    """Its bank asks before it claims anything."""
    refund_fails: bool = False
    refund_pends: bool = False
    available_at_once: bool = False
    """Its proceeds skip the pending balance."""

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _declined(name: str, number: str, decline_code: str, message: str = _DECLINED) -> Card:
    return Card(
        name,
        number,
        code="card_declined",
        decline_code=decline_code,
        message=message,
        refuses_attachment=True,
    )


_ALL = (
    Card("pm_card_visa", "4242424242424242"),
    Card("pm_card_visa_debit", "4000056655665556"),
    Card("pm_card_mastercard", "5555555555554444", brand="mastercard"),
    Card("pm_card_amex", "378282246310005", brand="amex"),
    Card("pm_card_us", "4242424242424242"),
    Card("pm_card_de", "4000002760000016", country="DE"),
    Card("pm_card_gb", "4000008260000000", country="GB"),
    Card("pm_card_jp", "4000003920000003", country="JP"),
    Card("pm_card_bypassPending", "4000000000000077", available_at_once=True),
    _declined("pm_card_visa_chargeDeclined", "4000000000000002", "generic_decline"),
    _declined("pm_card_chargeDeclined", "4000000000000002", "generic_decline"),
    _declined(
        "pm_card_chargeDeclinedInsufficientFunds",
        "4000000000009995",
        "insufficient_funds",
        "Your card has insufficient funds.",
    ),
    _declined(
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "4000000000009995",
        "insufficient_funds",
        "Your card has insufficient funds.",
    ),
    _declined("pm_card_chargeDeclinedLostCard", "4000000000009987", "lost_card"),
    _declined("pm_card_visa_chargeDeclinedLostCard", "4000000000009987", "lost_card"),
    _declined("pm_card_chargeDeclinedStolenCard", "4000000000009979", "stolen_card"),
    _declined("pm_card_visa_chargeDeclinedStolenCard", "4000000000009979", "stolen_card"),
    _declined("pm_card_chargeDeclinedFraudulent", "4100000000000019", "fraudulent"),
    Card(
        "pm_card_chargeDeclinedExpiredCard",
        "4000000000000069",
        code="expired_card",
        message="Your card has expired.",
        refuses_attachment=True,
    ),
    Card(
        "pm_card_chargeDeclinedIncorrectCvc",
        "4000000000000127",
        code="incorrect_cvc",
        message="Your card's security code is incorrect.",
        refuses_attachment=True,
    ),
    Card(
        "pm_card_chargeDeclinedProcessingError",
        "4000000000000119",
        code="processing_error",
        message="An error occurred while processing your card. Try again in a little bit.",
        refuses_attachment=True,
    ),
    Card("pm_card_chargeCustomerFail", "4000000000000341", code="card_declined", decline_code="generic_decline"),
    Card("pm_card_authenticationRequired", "4000002760003184", country="DE", needs_action=True),
    Card("pm_card_createDispute", "4000000000000259", disputed=True),
    Card("pm_card_createDisputeInquiry", "4000000000001976", inquired=True),
    Card("pm_card_refundFail", "4000000000005126", refund_fails=True),
    Card("pm_card_pendingRefund", "4000000000007726", refund_pends=True),
)
CARDS = {card.name: card for card in _ALL}
NUMBERS = {card.number: card for card in reversed(_ALL)}


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A debit of it is under way first, and succeeds or fails later (docs.stripe.com/payments/sepa-debit)."""

    name: str
    iban: str
    seconds: int = 0
    """How long it is under way."""
    code: str | None = None
    """Why a debit fails; None where it does not."""
    message: str = ""
    disputed: bool = False
    refund_fails: bool = False
    refund_pends: bool = True
    """Stripe: a refund of a debit takes days."""

    @property
    def last4(self) -> str:
        return self.iban[-4:]

    @property
    def country(self) -> str:
        return self.iban[:2]

    @property
    def bank_code(self) -> str:
        return self.iban[4:12]


_DELAY_SECONDS = 180
_FAILED = "payment_method_provider_decline", "The bank refused the debit."

_ACCOUNTS = (
    BankAccount("pm_success_de", "DE89370400440532013000"),
    BankAccount("pm_successDelayed_de", "DE08370400440532013003", _DELAY_SECONDS),
    BankAccount("pm_failed_de", "DE62370400440532013001", 0, *_FAILED),
    BankAccount("pm_failedDelayed_de", "DE78370400440532013004", _DELAY_SECONDS, *_FAILED),
    BankAccount("pm_disputed_de", "DE35370400440532013002", disputed=True),
    BankAccount(
        "pm_exceedsWeeklyVolumeLimit_de",
        "DE65370400440000343434",
        code="charge_exceeds_source_limit",
        message="This payment exceeds what may be debited from the account in a week.",
    ),
    BankAccount(
        "pm_exceedsWeeklyTransactionLimit_de",
        "DE27370400440000121212",
        code="charge_exceeds_weekly_limit",
        message="This payment exceeds how often the account may be debited in a week.",
    ),
    BankAccount(
        "pm_insufficientFunds_de",
        "DE65370400440002222227",
        code="insufficient_funds",
        message="The account has insufficient funds to cover this payment.",
    ),
)
ACCOUNTS = {account.name: account for account in _ACCOUNTS}
IBANS = {account.iban: account for account in _ACCOUNTS}

Instrument = Card | BankAccount
INSTRUMENTS: Mapping[str, Instrument] = {**CARDS, **ACCOUNTS}
