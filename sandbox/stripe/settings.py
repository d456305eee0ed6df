"""What can be switched: limits that are off by default, and rules of which there is doubt (GK).

POST /_sandbox/settings changes some of them, GET shows all.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

CHOICES = {"after_retries": ("cancel", "unpaid", "past_due")}


@dataclass(slots=True)
class Settings:
    rate_limits: bool = False
    global_requests_per_second: int = 25
    endpoint_requests_per_second: int = 25
    after_retries: str = "cancel"
    """What becomes of a subscription whose invoice could not be collected: cancel, unpaid or past_due."""
    dispute_fee_returned: bool = False
    """Whether the fee of a dispute that is won comes back with the money."""
    carry_small_amounts: bool = True
    """Whether what is too small to be charged goes to the customer's balance, and the invoice is paid."""

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
