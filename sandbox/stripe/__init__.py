"""Stripe, played: API version 2026-10-28.endive, from the contract sheet. README.md says where to start."""

from sandbox.stripe.vendor import Stripe

__all__ = ["Stripe"]
