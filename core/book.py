from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Book:
    """A legal entity, as far as pure functions need to know it."""

    base_currency: str
    time_zone: str
    """IANA name: document dates are local dates of this zone."""
    country: str = ""
