"""Rows as Stripe sends them, reduced to what a test is about."""

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
