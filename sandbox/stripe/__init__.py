from sandbox.stripe.vendor import Stripe

__all__ = ["Stripe"]
