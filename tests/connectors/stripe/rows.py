"""Rows as Stripe sends them, reduced to what a test is about."""

LISTS = [
    "tax_rates",
    "prices",
    "invoices",
    "balance_transactions",
    "refunds",
    "credit_notes",
    "products",
    "coupons",
    "promotion_codes",
    "subscriptions",
    "customers",
]
"""What the first import walks, in its order."""

INVOICE = {
    "id": "in_1",
    "object": "invoice",
    "customer": "cus_1",
    "currency": "eur",
    "status": "paid",
    "number": "RE-1001",
    "effective_at": 1768460400,
    "due_date": None,
    "status_transitions": {"finalized_at": 1768460300},
    "total": 128520,
    "amount_remaining": 0,
    "description": None,
    "lines": {
        "object": "list",
        "has_more": False,
        "data": [
            {
                "id": "il_1",
                "object": "line_item",
                "amount": 120000,
                "currency": "eur",
                "description": "1 x Pro (at €1,200.00 / year)",
                "discount_amounts": [{"amount": 12000, "discount": "di_1"}],
                "quantity": 1,
                "quantity_decimal": "1",
                "period": {"start": 1768460400, "end": 1799996400},
                "pricing": {
                    "type": "price_details",
                    "price_details": {"price": "price_1", "product": "prod_1"},
                    "unit_amount_decimal": "120000",
                },
                "parent": {"type": "subscription_item_details"},
                "taxes": [
                    {
                        "amount": 20520,
                        "tax_behavior": "exclusive",
                        "tax_rate_details": {"tax_rate": "txr_1"},
                        "taxability_reason": "standard_rated",
                        "taxable_amount": 108000,
                        "type": "tax_rate_details",
                    }
                ],
            }
        ],
    },
}

PAYMENT = {
    "id": "pi_1",
    "object": "payment",
    "payment_intent": {
        "id": "pi_1",
        "object": "payment_intent",
        "customer": "cus_1",
        "currency": "eur",
        "amount": 128520,
        "amount_received": 128520,
        "status": "succeeded",
        "created": 1768460401,
        "latest_charge": {
            "id": "ch_1",
            "object": "charge",
            "status": "succeeded",
            "captured": True,
            "balance_transaction": {
                "id": "txn_1",
                "object": "balance_transaction",
                "type": "charge",
                "reporting_category": "charge",
                "source": "ch_1",
                "fee_details": [{"type": "stripe_fee", "amount": 2103, "currency": "usd"}],
                "amount": 138545,
                "currency": "usd",
                "created": 1768460402,
                "fee": 2103,
                "net": 136442,
            },
        },
    },
    "invoice_payments": [
        {
            "id": "inpay_1",
            "invoice": "in_1",
            "amount_paid": 128520,
            "status": "paid",
            "created": 1768460401,
            "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
        }
    ],
}


def line(amount, taxes=(), **fields):
    return {
        "id": "il_x",
        "object": "line_item",
        "amount": amount,
        "description": "A thing",
        "quantity": 1,
        "period": {"start": 1768460400, "end": 1768460400},
        "taxes": list(taxes),
        **fields,
    }


def tax(amount, behavior="exclusive", rate="txr_1", taxable=None):
    return {
        "amount": amount,
        "tax_behavior": behavior,
        "tax_rate_details": {"tax_rate": rate},
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }


def invoice(total, *lines, **fields):
    return {
        **INVOICE,
        "total": total,
        "lines": {"object": "list", "has_more": False, "data": list(lines)},
        **fields,
    }


CREDIT_NOTE = {
    "id": "cn_1",
    "object": "credit_note",
    "created": 1768546800,
    "effective_at": 1768546860,
    "currency": "eur",
    "customer": "cus_1",
    "customer_balance_transaction": "cbtxn_1",
    "invoice": "in_1",
    "number": "RE-1001-CN-01",
    "status": "issued",
    "type": "mixed",
    "reason": "order_change",
    "total": 11900,
    "pre_payment_amount": 2000,
    "post_payment_amount": 9900,
    "out_of_band_amount": 900,
    "refunds": [{"amount_refunded": 5000, "refund": "re_1", "payment_record_refund": None, "type": "refund"}],
    "lines": {
        "object": "list",
        "has_more": False,
        "data": [
            {
                "id": "cnli_1",
                "object": "credit_note_line_item",
                "amount": 11000,
                "description": "1 x Pro (at €1,200.00 / year)",
                "discount_amounts": [{"amount": 1000, "discount": "di_1"}],
                "invoice_line_item": "il_1",
                "quantity": None,
                "taxes": [
                    {
                        "amount": 1900,
                        "tax_behavior": "exclusive",
                        "tax_rate_details": {"tax_rate": "txr_1"},
                        "taxable_amount": 10000,
                        "type": "tax_rate_details",
                    }
                ],
                "type": "invoice_line_item",
            }
        ],
    },
}


def moved(ident, amount, fee=0, **fields):
    return {
        "id": ident,
        "object": "balance_transaction",
        "type": "refund",
        "reporting_category": "refund",
        "currency": "eur",
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "fee_details": [],
        "created": 1768546870,
        "source": "re_1",
        **fields,
    }


REFUND = {
    "id": "re_1",
    "object": "refund",
    "refund": {
        "id": "re_1",
        "object": "refund",
        "amount": 6000,
        "currency": "eur",
        "charge": {"id": "ch_1", "object": "charge", "customer": "cus_1"},
        "payment_intent": "pi_1",
        "created": 1768546865,
        "status": "succeeded",
        "reason": "requested_by_customer",
        "balance_transaction": moved("txn_2", -6000),
        "failure_balance_transaction": None,
    },
    "credit_notes": [{"id": "cn_1", "amount": 5000}],
}

TIERED_PRICE = {
    "id": "price_2",
    "object": "price",
    "product": "prod_1",
    "currency": "eur",
    "billing_scheme": "tiered",
    "tiers_mode": "graduated",
    "unit_amount": None,
    "unit_amount_decimal": None,
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "metered"},
    "transform_quantity": None,
    "tiers": [
        {"up_to": 10, "flat_amount": 500, "flat_amount_decimal": "500", "unit_amount": None},
        {"up_to": None, "flat_amount": None, "unit_amount": None, "unit_amount_decimal": "0.25"},
    ],
}

COUPON = {
    "id": "SPRING",
    "object": "coupon",
    "name": None,
    "percent_off": None,
    "amount_off": 500,
    "currency": "eur",
    "duration": "repeating",
    "duration_in_months": 3,
    "valid": True,
}

SUBSCRIPTION = {
    "id": "sub_1",
    "object": "subscription",
    "customer": "cus_1",
    "currency": "eur",
    "status": "trialing",
    "start_date": 1768460400,
    "trial_end": 1769670000,
    "cancel_at": None,
    "cancel_at_period_end": True,
    "ended_at": None,
    "items": {
        "object": "list",
        "has_more": False,
        "data": [
            {
                "id": "si_1",
                "price": {"id": "price_1", "object": "price"},
                "quantity": 3,
                "current_period_start": 1768460400,
                "current_period_end": 1769670000,
            },
            {
                "id": "si_2",
                "price": {"id": "price_2", "object": "price"},
                "current_period_start": 1768460400,
                "current_period_end": 1769670001,
            },
        ],
    },
}
