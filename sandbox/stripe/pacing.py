"""Rate limits, as the vendor has them: on all requests, on each endpoint, and on what is done to one object."""

from collections import Counter, deque

from sandbox.stripe.errors import StripeError
from sandbox.stripe.settings import Settings

MINUTE_SECONDS, HOUR_SECONDS, DAY_SECONDS = 60, 3600, 86_400


class RateLimitError(StripeError):
    """Turned away before anything was done, so an idempotency key does not remember it."""

    def __init__(self, reason: str, kind: str) -> None:
        super().__init__(
            "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
            status=429,
            kind=kind,
            code="rate_limit",
        )
        self.reason = reason
        """Of the header Stripe-Rate-Limited-Reason."""


class Pacing:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._recent: dict[str, deque[float]] = {}
        self._under_way: Counter[str] = Counter()

    def admit(self, endpoint: str, now: float) -> None:
        """`endpoint` is the operation; `now` is of the sandbox's clock."""
        wanted = self._settings
        most = wanted.endpoint_requests_per_second
        if endpoint.endswith("/search"):
            # the searches of all kinds share one limit
            endpoint, most = "search", wanted.search_requests_per_second
        self._take(
            now,
            ("", 1, wanted.global_requests_per_second, "global-rate"),
            (endpoint, 1, most, "endpoint-rate"),
        )

    def enter(self, endpoint: str) -> None:
        """One more request under way, to be left again with `leave`."""
        for name, most, reason in (
            ("", self._settings.global_concurrent_requests, "global-concurrency"),
            (endpoint, self._settings.endpoint_concurrent_requests, "endpoint-concurrency"),
        ):
            if self._settings.rate_limits and self._under_way[name] >= most:
                raise RateLimitError(reason, self._settings.rate_limit_type)
        self._under_way.update(("", endpoint))

    def leave(self, endpoint: str) -> None:
        self._under_way.subtract(("", endpoint))

    def payment_intent_is_updated(self, id_: str, now: float) -> None:
        self._take(now, (id_, HOUR_SECONDS, self._settings.payment_intent_updates_per_hour, "resource-specific"))

    def subscription_gets_an_invoice(self, id_: str, now: float) -> None:
        wanted = self._settings
        self._take(
            now,
            (f"{id_} minute", MINUTE_SECONDS, wanted.subscription_invoices_per_minute, "resource-specific"),
            (f"{id_} day", DAY_SECONDS, wanted.subscription_invoices_per_day, "resource-specific"),
        )

    def subscription_changes_quantity(self, id_: str, now: float) -> None:
        most = self._settings.subscription_quantity_updates_per_hour
        self._take(now, (f"{id_} quantity", HOUR_SECONDS, most, "resource-specific"))

    def _take(self, now: float, *limits: tuple[str, float, int, str]) -> None:
        """One of each, or none where one is used up: name, window in seconds, how many in it, and how that is told."""
        if not self._settings.rate_limits:
            return
        for name, window, most, reason in limits:
            recent = self._recent.setdefault(name, deque())
            while recent and not now - window < recent[0] <= now:
                recent.popleft()
            if len(recent) >= most:
                raise RateLimitError(reason, self._settings.rate_limit_type)
        for name, *_ in limits:
            self._recent[name].append(now)
