from collections.abc import Mapping

from connectors import stripe
from connectors.contract import Connector

CONNECTORS: Mapping[str, Connector] = {
    "stripe": stripe.STRIPE,
}
