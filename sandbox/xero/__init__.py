"""Xero's Accounting API 2.0 with its token endpoint, as a stateful sandbox."""

from sandbox.xero.vendor import Xero

__all__ = ["Xero"]
