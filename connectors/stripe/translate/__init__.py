"""Stripe's rows to entities, one module a family of kinds. Pure: money is checked here, nothing is fetched."""
