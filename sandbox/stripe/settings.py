"""What can be switched: limits that are off by default, and rules of which there is doubt (GK).

POST /_sandbox/settings changes some of them, GET shows all. RULES.md says which rule each of them turns.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, fields
from typing import Any

CHOICES: dict[str, tuple[Any, ...]] = {
    "after_retries": ("cancel", "unpaid", "past_due"),
    "lock_timeout_status": (429, 409),
    "missing_in_parameter_status": (400, 404),
    "rate_limit_type": ("invalid_request_error", "rate_limit_error"),
    "rounding": ("half_up", "half_even"),
}


@dataclass(slots=True)
class Settings:
    # How much may be asked.
    rate_limits: bool = False
    """Whether there are any; the numbers below count only then."""
    global_requests_per_second: int = 25
    endpoint_requests_per_second: int = 25
    global_concurrent_requests: int = 20
    endpoint_concurrent_requests: int = 10
    payment_intent_updates_per_hour: int = 1000
    subscription_invoices_per_minute: int = 10
    subscription_invoices_per_day: int = 20
    subscription_quantity_updates_per_hour: int = 200
    search_requests_per_second: int = 20
    rate_limit_reason: bool = True
    """Whether a 429 says in Stripe-Rate-Limited-Reason which limit it was."""
    rate_limit_type: str = "invalid_request_error"
    should_retry: bool = True
    """Whether an answer says in Stripe-Should-Retry that another try helps (a lock) or cannot (a 500 given again)."""
    lock_timeouts: bool = False
    """Whether a second write to an object, while the first is under way, is refused instead of waiting."""
    lock_timeout_status: int = 429

    # What is understood.
    api_key_expired: bool = False
    expand_levels: int = 4
    metadata_limits: bool = True
    missing_parameters_have_a_code: bool = True
    missing_in_parameter_status: int = 400
    """The status where a parameter names an object that there is not; where the address names it, it is 404."""
    unknown_parameters_refused: bool = True

    search_lag_seconds: int = 60
    """How long after it was made or changed the search knows of an object."""

    # What an idempotency key does.
    key_compares_parameters: bool = True
    key_under_way_refused: bool = True
    """Whether a key whose first request is under way is refused with 409; else it waits, and gets the same answer."""
    key_remembers_early_refusals: bool = False
    """Whether a malformed parameter and a 429, which are refused before the work begins, are remembered too."""

    # What is told of.
    event_types_max: int = 20
    events_kept_days: int = 30
    both_secrets_sign: bool = True
    """Whether a webhook is signed with the old secret too while a new one takes its place."""

    # What becomes of money.
    after_retries: str = "cancel"
    """What becomes of a subscription whose invoice could not be collected: cancel, unpaid or past_due."""
    carry_small_amounts: bool = True
    """Whether what is too small to be charged goes to the customer's balance, and the invoice is paid."""
    credit_note_ways_add_up: bool = True
    """Whether what a credit note gives back after payment must be exactly what it credits after payment."""
    credit_notes_after_payment_stay: bool = True
    """Whether only credit notes from before payment can be voided."""
    awaited_refunds_hold_money: bool = True
    """Whether a refund that waits for the customer has left the balance already; else it leaves once they acted."""
    inquiries_mark_the_charge: bool = True
    """Whether a charge counts as disputed while its bank only inquires."""
    debits_begin_subscriptions: bool = True
    """Whether a subscription is active while its first debit is processing; else it is incomplete until then."""
    dispute_fee_returned: bool = False
    """Whether the fee of a dispute that is won comes back with the money."""
    hundreds_in_payouts: bool = True
    """Whether payouts in HUF and TWD are whole hundreds of their minor units."""
    isk_and_ugx_in_hundredths: bool = True
    """Whether ISK and UGX, which have no minor unit, are sent with two decimals that are 00."""
    resolutions_take_the_money: bool = True
    """Whether a dispute that is prevented by a resolution takes the money (without a fee); else nothing moves."""
    payout_fails_within_days: int = 5
    """For how many business days after it was paid a payout may still fail."""
    rounding: str = "half_up"
    """How a line that is half a minor unit between two is rounded."""
    three_decimals_end_in_zero: bool = True

    def change(self, wanted: Mapping[str, Any]) -> None:
        """All or, where one is wrong, none; ValueError says which."""
        types = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in wanted.items():
            if name not in types or type(value) is not types[name]:
                raise ValueError(f"no setting {name} of that type; there are {', '.join(types)}")
            if value not in CHOICES.get(name, (value,)):
                raise ValueError(f"{name} is one of {', '.join(CHOICES[name])}")
        for name, value in wanted.items():
            setattr(self, name, value)

    def shown(self) -> dict[str, Any]:
        return asdict(self)


_AS_THEY_COME = Settings()
_IN_FORCE: ContextVar[Settings] = ContextVar("settings")


def in_force() -> Settings:
    """Those of the account whose request is being answered, for what knows no account: parameters and arithmetic."""
    return _IN_FORCE.get(_AS_THEY_COME)


@contextmanager
def of(settings: Settings) -> Iterator[None]:
    token = _IN_FORCE.set(settings)
    try:
        yield
    finally:
        _IN_FORCE.reset(token)
