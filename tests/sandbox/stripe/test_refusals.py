"""What is refused, rule by rule: a request that breaks just one, and words or a field that name it."""

import json

import pytest

from sandbox.kit import Request


@pytest.fixture
def ask(vendor):
    def ask_for(method, path, form=""):
        headers = {"authorization": "Bearer sk_test_sandbox_subledger"}
        query, body = ("", form.encode()) if method == "POST" else (form, b"")
        response = vendor.handle(Request(method, path, query, headers, body))
        return response.status, json.loads(response.body)

    return ask_for


@pytest.fixture
def world(ask):
    """Ids of objects in many states, by name."""

    def post(path, form=""):
        status, body = ask("POST", f"/v1/{path}", form)
        assert status == 200, body
        return body

    ids = {}
    ids["customer"] = customer = post("customers", "name=Acme&payment_method=pm_card_visa")["id"]
    ids["stranger"] = post("customers", "name=Other")["id"]
    ids["method"] = method = ask("GET", f"/v1/customers/{customer}/payment_methods")[1]["data"][0]["id"]
    post(f"customers/{customer}", f"invoice_settings[default_payment_method]={method}")
    ids["product"] = product = post("products", "name=Plan")["id"]
    ids["other_product"] = post("products", "name=Other")["id"]
    ids["price"] = post("prices", f"product={product}&currency=eur&unit_amount=1000")["id"]
    ids["dollars"] = post("prices", f"product={product}&currency=usd&unit_amount=1000")["id"]
    ids["monthly"] = monthly = post(
        "prices", f"product={product}&currency=eur&unit_amount=1000&recurring[interval]=month"
    )["id"]
    ids["yearly"] = post("prices", f"product={product}&currency=eur&unit_amount=1000&recurring[interval]=year")["id"]
    ids["coupon"] = post("coupons", "percent_off=10")["id"]

    def invoice(name, *steps, amount=1000):
        ids[name] = id_ = post("invoices", f"customer={customer}&currency=eur")["id"]
        item = post("invoiceitems", f"customer={customer}&invoice={id_}&amount={amount}")
        ids[f"{name}_item"] = item["id"]
        for step in steps:
            post(f"invoices/{id_}/{step}")
        ids[f"{name}_line"] = ask("GET", f"/v1/invoices/{id_}/lines")[1]["data"][0]["id"]

    invoice("draft")
    invoice("open", "finalize")
    invoice("paid", "pay")
    invoice("void", "finalize", "void")
    ids["empty"] = post("invoices", f"customer={customer}&currency=eur")["id"]
    payment = ask("GET", "/v1/invoice_payments", f"invoice={ids['open']}")[1]["data"][0]
    ids["invoice_intent"] = payment["payment"]["payment_intent"]
    made = post(
        "payment_intents",
        f"amount=5000&currency=eur&customer={customer}&payment_method={method}&confirm=true",
    )
    ids["intent"], ids["charge"] = made["id"], made["latest_charge"]
    ids["gone_intent"] = post("payment_intents", "amount=500&currency=eur")["id"]
    post(f"payment_intents/{ids['gone_intent']}/cancel")
    ids["new_intent"] = post("payment_intents", "amount=500&currency=eur")["id"]
    ids["dollar_intent"] = post("payment_intents", "amount=500&currency=usd")["id"]
    sub = post("subscriptions", f"customer={customer}&items[0][price]={monthly}")
    ids["sub"], ids["sub_item"] = sub["id"], sub["items"]["data"][0]["id"]
    ids["sub_invoice"] = sub["latest_invoice"]
    ids["quote"] = post("quotes", f"customer={customer}")["id"]
    ids["line_quote"] = post("quotes", f"line_items[0][price]={ids['price']}")["id"]
    return ids


REFUSED = [
    # customers and their money
    ("POST customers/{customer}", "invoice_settings[default_payment_method]=pm_x", "No such payment_method"),
    ("POST customers/{stranger}", "invoice_settings[default_payment_method]={method}", "must be attached"),
    ("POST customers/{customer}/balance_transactions", "amount=1&currency=usd", "cannot move in usd"),
    ("POST payment_methods", "type=card&card[number]=4242424242424242", "card[exp_month]"),
    ("POST payment_methods", "type=klarna&card[token]=tok_visa", "must be one of"),
    # catalogue
    ("POST prices", "currency=eur&unit_amount=1", "product"),
    ("POST prices", "product={product}&currency=kwd&unit_amount=1001", "divisible by 10"),
    (
        "POST prices",
        (
            "product={product}&currency=eur&billing_scheme=tiered&tiers_mode=volume&tiers[0][up_to]=inf"
            "&tiers[0][unit_amount]=1&unit_amount=1"
        ),
        "cannot be used with tiers",
    ),
    ("POST products/{other_product}", "default_price={price}", "does not belong"),
    # invoice items and lines
    ("POST invoiceitems", "customer={stranger}&invoice={draft}&amount=1", "another customer"),
    (
        "POST invoiceitems",
        "customer={customer}&invoice={draft}&currency=usd&amount=1",
        "cannot go on an invoice in eur",
    ),
    ("POST invoiceitems", "customer={customer}", "One of `amount`"),
    ("POST invoiceitems", "customer={customer}&amount=1&unit_amount_decimal=1", "only specify one"),
    ("POST invoiceitems", "customer={customer}&amount=1&quantity=2", "cannot be combined"),
    (
        "POST invoiceitems",
        "customer={customer}&pricing[price]={price}&quantity=1&quantity_decimal=1",
        "only specify one",
    ),
    ("POST invoiceitems", "customer={customer}&pricing[price]={price}&quantity_decimal=-1", "non-negative"),
    (
        "POST invoices/{draft}/update_lines",
        "lines[0][id]=il_x&lines[0][amount]=1",
        "No such invoice line item",
    ),
    ("POST invoices/{draft}/add_lines", "lines[0][invoice_item]={open_item}", "not pending"),
    # invoices
    ("POST invoices", "customer={customer}&days_until_due=3", "only set `due_date`"),
    ("POST invoices", "customer={customer}&number=%s" % ("N" * 27), "at most 26"),
    ("POST invoices/{open}/pay", "paid_out_of_band=true&payment_method={method}", "together"),
    ("POST invoices/{void}/pay", "", "voided"),
    ("POST invoices/{void}/send", "", "voided"),
    ("POST invoices/{sub_invoice}/mark_uncollectible", "", "Only open invoices"),
    ("DELETE invoices/{sub_invoice}", "", "only delete draft"),
    (
        "POST invoices/{paid}/attach_payment",
        "payment_intent={intent}",
        "cannot be attached to an invoice that is paid",
    ),
    ("POST invoices/{open}/attach_payment", "payment_intent={gone_intent}", "canceled payment"),
    ("POST invoices/{open}/attach_payment", "payment_intent={dollar_intent}", "currency"),
    # payments
    ("POST payment_intents/{intent}", "description=x", "could not be updated"),
    ("POST payment_intents/{invoice_intent}/cancel", "", "belongs to an invoice"),
    ("POST payment_intents/{new_intent}/capture", "", "could not be captured"),
    ("POST payment_intents", "amount=0&currency=eur", "greater than or equal to 1"),
    (
        "POST payment_intents",
        "amount=5000&currency=thb&payment_method=pm_card_visa&confirm=true",
        "no settlement",
    ),
    # money back
    ("POST credit_notes", "invoice={open}", "must be provided"),
    ("POST credit_notes", "invoice={open}&amount=1&lines[0][type]=custom_line_item", "only specify one"),
    (
        "POST credit_notes",
        "invoice={open}&lines[0][type]=invoice_line_item&lines[0][invoice_line_item]={draft_line}&lines[0][amount]=1",
        "No such invoice line item",
    ),
    (
        "POST credit_notes",
        "invoice={open}&lines[0][type]=invoice_line_item&lines[0][invoice_line_item]={open_line}",
        "needs an `amount` or a `quantity`",
    ),
    (
        "POST credit_notes",
        (
            "invoice={open}&lines[0][type]=invoice_line_item&lines[0][invoice_line_item]={open_line}"
            "&lines[0][amount]=1&lines[0][quantity]=1"
        ),
        "only specify one",
    ),
    ("POST credit_notes", "invoice={open}&lines[0][type]=custom_line_item", "exactly one of"),
    (
        "POST credit_notes",
        "invoice={open}&lines[0][type]=custom_line_item&lines[0][unit_amount]=-5",
        "above zero",
    ),
    ("POST credit_notes", "invoice={void}&amount=1", "is void"),
    ("POST credit_notes", "invoice={paid}&amount=1000&refund_amount=1001", "must equal"),
    ("POST charges/{charge}", "amount=1", "unknown parameter"),
    # discounts
    (
        "POST invoices",
        "customer={customer}&discounts[0][coupon]={coupon}&discounts[0][discount]=di_1",
        "exactly one",
    ),
    ("POST invoices", "customer={customer}&discounts[0][foo]=1", "unknown parameter"),
    # subscriptions
    ("POST subscriptions/{sub}", "items[0][id]=si_x&items[0][quantity]=1", "Invalid subscription item"),
    ("POST subscriptions/{sub}", "trial_end=1", "in the future"),
    ("POST subscriptions/{sub}", "cancel_at=1", "in the future"),
    ("POST subscriptions/{sub}", "cancel_at=9999999999&cancel_at_period_end=true", "only specify one"),
    ("POST subscriptions/{sub}", "items[0][price]={monthly}", "same price"),
    ("POST subscriptions/{sub}/resume", "", "Only a paused subscription"),
    ("DELETE subscriptions/{sub}/discount", "", "No active discount"),
    ("POST subscriptions", "customer={customer}&items[0][price]={monthly}&trial_end=1", "in the future"),
    (
        "POST subscriptions",
        "customer={customer}&items[0][price]={monthly}&trial_end=9999999999&trial_period_days=3",
        "only specify one",
    ),
    (
        "POST subscriptions",
        "customer={customer}&items[0][price]={monthly}&billing_cycle_anchor=1",
        "in the past",
    ),
    (
        "POST subscriptions",
        (
            "customer={customer}&items[0][price]={monthly}&billing_cycle_anchor=9999999999"
            "&billing_cycle_anchor_config[day_of_month]=1"
        ),
        "only specify one",
    ),
    (
        "POST subscriptions",
        "customer={customer}&items[0][price]={monthly}&billing_cycle_anchor_config[day_of_month]=32",
        "No such day",
    ),
    (
        "POST subscriptions",
        "customer={customer}&items[0][price]={monthly}&collection_method=send_invoice",
        "days_until_due",
    ),
    ("POST billing/meter_events", "event_name=x&payload=1", "Invalid object"),
    # quotes
    ("POST quotes/{quote}/finalize", "", "needs a customer and line items"),
    ("POST quotes/{line_quote}/finalize", "", "needs a customer and line items"),
    ("POST quotes", "line_items[0][price]={price}&line_items[1][price]={dollars}", "same currency"),
    # what is asked for, and how
    ("POST webhook_endpoints", "url=hub.example&enabled_events[]=invoice.paid", "Invalid URL"),
    ("GET accounts/acct_other", "", "No such account"),
    ("GET customers", "expand=name", "Invalid array"),
    ("GET customers/{customer}", "expand[]=name.first", "cannot be expanded"),
    ("GET customers/{customer}", "expand[]=balance.amount", "cannot be expanded"),
    ("GET invoices/{draft}/lines", "starting_after=il_x", "No such line_item"),
    ("GET customers", "limit=ten", "Invalid integer"),
    ("POST customers", "name[first]=x", "Invalid string"),
    ("POST customers", "description=%s" % ("x" * 5001), "at most 5000"),
    ("POST customers", "next_invoice_sequence=0", "greater than or equal to 1"),
    ("POST customers", "validate=yes", "Invalid boolean"),
    ("POST customers", "address=x", "Invalid object"),
    ("POST customers", "metadata=x", "Invalid object"),
    ("POST customers", "preferred_locales=x", "Invalid array"),
    ("POST customers", "name=x&name[a]=y", "more than one form"),
    ("POST customers", "preferred_locales[a]=x&preferred_locales[]=y", "more than one form"),
    ("POST tax_rates", "display_name=VAT&inclusive=true&percentage=many", "Invalid decimal"),
    ("POST products", "name=", "cannot be unset"),
    ("POST customers", "&".join(f"metadata[{n}]=v" for n in range(5001)), "cannot be read"),
]


@pytest.mark.parametrize(("line", "form", "words"), REFUSED)
def test_a_request_that_breaks_a_rule_is_refused(ask, world, vendor, line, form, words):
    method, path = line.format(**world).split(" ", 1)
    filled = form.format(**world) if "{" in form else form
    before = json.dumps(vendor.account.store.dump()["rows"], sort_keys=True)
    status, body = ask(method, f"/v1/{path}", filled)
    assert status in (400, 404), body
    assert words in body["error"]["message"] or words == body["error"].get("param")
    assert json.dumps(vendor.account.store.dump()["rows"], sort_keys=True) == before


def test_a_key_has_at_most_255_characters(vendor):
    headers = {"authorization": "Bearer sk_test_sandbox_subledger", "idempotency-key": "k" * 256}
    response = vendor.handle(Request("POST", "/v1/customers", "", headers, b""))
    assert response.status == 400
    assert "255" in json.loads(response.body)["error"]["message"]


def test_a_body_that_is_not_utf8_is_refused(vendor):
    headers = {"authorization": "Bearer sk_test_sandbox_subledger"}
    assert vendor.handle(Request("POST", "/v1/customers", "", headers, b"name=\xff")).status == 400


def test_what_is_over_cannot_be_done_again(ask, world, vendor):
    def admin(noun, **wanted):
        request = Request("POST", f"/_sandbox/{noun}", "", {}, json.dumps(wanted).encode())
        return vendor.administer(request).status

    refund = ask("POST", "/v1/refunds", f"charge={world['charge']}&amount=100")[1]["id"]
    assert admin("refunds", id=refund, status="succeeded") == 400
    dispute = json.loads(
        vendor.administer(
            Request("POST", "/_sandbox/disputes", "", {}, json.dumps({"charge": world["charge"]}).encode())
        ).body
    )["id"]
    assert admin("disputes", charge=world["charge"]) == 400
    assert ask("POST", f"/v1/disputes/{dispute}/close")[0] == 200
    assert ask("POST", f"/v1/disputes/{dispute}/close")[0] == 400
    assert ask("POST", f"/v1/disputes/{dispute}", "evidence[customer_name]=x")[0] == 400
    assert admin("disputes", id=dispute, status="maybe") == 400
    paid = ask("POST", f"/v1/subscriptions/{world['sub']}/pause")
    assert paid[1]["status"] == "paused"
    assert ask("POST", f"/v1/subscriptions/{world['sub']}/pause")[0] == 400


def test_payouts_that_are_over_stay_so(ask, world, vendor):
    ask(
        "POST",
        "/v1/payment_intents",
        "amount=9000&currency=eur&payment_method=pm_card_bypassPending&confirm=true",
    )
    payout = ask("POST", "/v1/payouts", "amount=100&currency=eur")[1]["id"]

    def admin(status):
        body = json.dumps({"id": payout, "status": status}).encode()
        return vendor.administer(Request("POST", "/_sandbox/payouts", "", {}, body)).status

    assert [admin(status) for status in ("failed", "failed", "paid")] == [200, 400, 400]
    assert ask("POST", f"/v1/payouts/{payout}/cancel")[0] == 400
