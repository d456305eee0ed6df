"""What only the world outside of the API can do, as routes below /_sandbox/: banks decide, payouts run.

POST /_sandbox/disputes {"id", "status": "won"|"lost"} or {"charge"} to begin one, {"charge", "inquiry": true} for an
                        inquiry, which "needs_response" makes a dispute of and "warning_closed" ends;
                        {"charge", "prevented": "block"|"resolution"} for one that is prevented; "appeal_needs_response"
                        for a decision that may be appealed
POST /_sandbox/payouts  {"currency"} for an automatic one, or {"id", "status": "paid"|"failed"}
POST /_sandbox/refunds  {"id", "status": "failed"|"succeeded"}, or "pending" where the customer had to act and did
POST /_sandbox/webhook_endpoints {"id", "roll_secret_hours": 24} for a new secret beside the old one
GET, POST /_sandbox/settings, see settings.py
"""

import json
from collections.abc import Callable
from typing import Any

from sandbox.kit import Request, Response
from sandbox.stripe import balance, disputes, payouts, refunds, webhook_endpoints
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.rows import Row, Shown

Wanted = dict[str, Any]


def administer(account: Account, request: Request) -> Response | None:
    noun = request.path.removeprefix("/_sandbox/")
    wanted = json.loads(request.body) if request.body else {}
    if noun == "settings":
        return _settings(account, request.method, wanted)
    route = ROUTES.get((request.method, noun))
    if route is None:
        return None
    balance.mature(account)
    try:
        row = route(account, wanted)
    except StripeError as refused:
        return Response.of_json(refused.status, {"error": refused.error["message"]})
    except (KeyError, TypeError) as missing:
        return Response.of_json(400, {"error": f"missing or wrong: {missing}"})
    finally:
        account.store.pop_effects()
    return Response.of_json(200, account.show(row) if isinstance(row, Row) else row)


def _settings(account: Account, method: str, wanted: Wanted) -> Response | None:
    if method not in ("GET", "POST"):
        return None
    try:
        account.settings.change(wanted if method == "POST" else {})
    except ValueError as wrong:
        return Response.of_json(400, {"error": str(wrong)})
    return Response.of_json(200, account.settings.shown())


def _dispute(account: Account, wanted: Wanted) -> Row:
    if "charge" in wanted:
        charge = account.store.get("charge", wanted["charge"])
        if wanted.get("prevented"):
            if wanted["prevented"] not in disputes.PREVENTIONS:
                raise StripeError(f"prevented is {' or '.join(disputes.PREVENTIONS)}")
            return disputes.prevent(account, charge, wanted["prevented"])
        return disputes.inquire(account, charge) if wanted.get("inquiry") else disputes.begin(account, charge)
    dispute = account.store.get("dispute", wanted["id"])
    if wanted["status"] == "appeal_needs_response":
        return disputes.allow_appeal(account, dispute)
    if wanted["status"] in ("needs_response", "warning_closed"):
        end = disputes.escalate if wanted["status"] == "needs_response" else disputes.leave_off
        return end(account, dispute)
    return disputes.decide(account, dispute, won=_choice(wanted["status"], "won", "lost"))


def _payout(account: Account, wanted: Wanted) -> Row | None:
    if "currency" in wanted:
        return payouts.pay_out_available(account, wanted["currency"])
    payout = account.store.get("payout", wanted["id"])
    if _choice(wanted["status"], "paid", "failed"):
        return payouts.arrive(account, payout)
    return payouts.fail(account, payout)


def _refund(account: Account, wanted: Wanted) -> Row:
    refund = account.store.get("refund", wanted["id"])
    if wanted["status"] == "pending":
        refunds.proceed(account, refund)
        return refund
    end = refunds.succeed if _choice(wanted["status"], "succeeded", "failed") else refunds.fail
    end(account, refund)
    return refund


def _webhook_endpoint(account: Account, wanted: Wanted) -> Shown:
    endpoint = account.store.get("webhook_endpoint", wanted["id"])
    return webhook_endpoints.roll_secret(account, endpoint, int(wanted["roll_secret_hours"]))


def _choice(given: str, yes: str, no: str) -> bool:
    if given not in (yes, no):
        raise StripeError(f"status is {yes} or {no}")
    return given == yes


ROUTES: dict[tuple[str, str], Callable[[Account, Wanted], Row | Shown | None]] = {
    ("POST", "disputes"): _dispute,
    ("POST", "payouts"): _payout,
    ("POST", "refunds"): _refund,
    ("POST", "webhook_endpoints"): _webhook_endpoint,
}
