"""The one way to refuse: raised anywhere below a route, worded as the error object on the wire."""

from typing import Any

_DOCS = "https://stripe.com/docs/error-codes/"


class StripeError(Exception):
    """`more` are further fields of the error object, such as decline_code and payment_intent."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"message": message, "type": kind}
        if code:
            self.error |= {"code": code, "doc_url": _DOCS + code.replace("_", "-")}
        if param:
            self.error["param"] = param
        self.error |= more


class MalformedParameterError(StripeError):
    """Refused before the endpoint began its work, so an idempotency key does not remember it."""


class Rehearsal(Exception):
    """What a preview shows."""

    def __init__(self, shown: dict[str, Any]) -> None:
        super().__init__()
        self.shown = shown


def no_such(noun: str, id_: str, param: str = "id", *, status: int = 404) -> StripeError:
    """404 where the address names it, 400 where a parameter does."""
    return StripeError(f"No such {noun}: '{id_}'", status=status, code="resource_missing", param=param)
