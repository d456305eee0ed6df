"""The one line per vendor."""

from collections.abc import Mapping

from connectors.contract import Connector
from connectors.stripe import STRIPE
from connectors.xero import XERO

CONNECTORS: Mapping[str, Connector] = {connector.vendor: connector for connector in (STRIPE, XERO)}
