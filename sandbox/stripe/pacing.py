"""Rate limits, as the vendor has them: so many requests a second in all, and so many of one endpoint."""

from collections import deque

from sandbox.stripe.errors import StripeError
from sandbox.stripe.settings import Settings

WINDOW_SECONDS = 1.0


class RateLimitError(StripeError):
    """Turned away before anything was done, so an idempotency key does not remember it."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
            status=429,
            code="rate_limit",
        )
        self.reason = reason
        """Of the header Stripe-Rate-Limited-Reason."""


class Pacing:
    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = {}

    def admit(self, endpoint: str, now: float, settings: Settings) -> None:
        """`endpoint` is the operation; `now` is of the sandbox's clock."""
        if not settings.rate_limits:
            return
        limits = (
            ("", settings.global_requests_per_second, "global-rate"),
            (endpoint, settings.endpoint_requests_per_second, "endpoint-rate"),
        )
        for name, most, reason in limits:
            recent = self._recent.setdefault(name, deque())
            while recent and not now - WINDOW_SECONDS < recent[0] <= now:
                recent.popleft()
            if len(recent) >= most:
                raise RateLimitError(reason)
        for name, _, _ in limits:
            self._recent[name].append(now)
