"""Stripe, played: API version 2026-10-28.endive, from the contract sheet.

Begin with routes.py, which reads like the contract's list of endpoints; each module below it is one subject.
vendor.py admits, remembers and answers; store.py holds the objects, showing.py renders them, blanks.py has
their empty forms; agenda.py and automation.py are what happens by itself; courier.py delivers the webhooks.
"""

from sandbox.stripe.vendor import Stripe

__all__ = ["Stripe"]
