"""Two months of a subscription business, played on a Stripe account by a test clock.

`plans` and `cast` are tables, `turns` are the things that can happen to a customer, `play` puts them in order.
"""
