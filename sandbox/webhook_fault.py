"""What goes wrong with a vendor's webhooks."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class WebhookFault:
    id: int
    webhook: str
    """A shell pattern over the type of the event."""
    fault: str
    skip: int
    times: int
    seconds: float
    """How long `delay` takes."""

    def shown(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("id", "webhook", "fault", "skip", "times", "seconds")}
