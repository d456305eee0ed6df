"""Each invariant holds of a sound world, and each one notices the damage that it is there for."""

from copy import deepcopy
from dataclasses import replace
from decimal import Decimal

import invariants
import pytest
from hubs import DrainedHub

from demo import auditor

MADE = ("invoice", "payment", "credit_note", "allocation", "bank_transaction")


@pytest.fixture(scope="module")
def sound(served, empty_database, tmp_path_factory):
    """The evidence of a hub that brought two paid invoices over, with all that was given back of the first."""
    served.reset()
    with empty_database("sqlite") as url:
        hub = DrainedHub(served, tmp_path_factory.mktemp("sound"), url)
        served.stripe.create("webhook_endpoints", url="http://127.0.0.1:9/", enabled_events=["*"])
        customer = served.customer()
        served.trade(customer)
        served.sell(customer, currency="usd", tax="")
        hub.tell_all()
        hub.work()
        yield invariants.gather(served, hub, bystander="nobody")
        hub.close()


def test_all_invariants_hold_of_a_sound_world(sound):
    assert len(invariants.invoices(sound.stripe)) == len(invariants.invoices(sound.xero)) == 2
    assert {kind for vendor, kind, _ in sound.remote if vendor == "xero"} == {
        "customer",
        "price",
        "invoice",
        "payment",
        "credit_note",
        "allocation",
        "refund",
        "credit_refund",
    }
    assert sound.links
    assert sound.receipts
    assert sound.calls["xero"]
    assert invariants.broken(sound) == []


def _i1(seen):
    return replace(seen, webhooks=[{"type": "invoice.paid", "status": 200, "body_sha256": "of a body not kept"}])


def _i2_made(kind):
    """Another one of that kind, made by a call of its own and known by an id of its own."""

    def damaged(seen):
        calls = deepcopy(seen.calls)
        effect = next(
            effect
            for call in calls["xero"]
            for effect in call["effects"]
            if (effect["kind"], effect["operation"]) == (kind, "create")
        )
        calls["xero"].append({**calls["xero"][-1], "effects": [{**effect, "id": "another"}], "body_sha256": "other"})
        return replace(seen, calls=calls)

    damaged.__name__ = f"i2_another_{kind}_made"
    return damaged


def _i2_standing(seen):
    return replace(seen, standing=[*seen.standing, seen.standing[-1]])


def _i2_same_bytes(seen):
    calls = deepcopy(seen.calls)
    written = next(deepcopy(call) for call in calls["xero"] if call["effects"])
    written["effects"] = [{**effect, "operation": "update"} for effect in written["effects"]]
    return replace(seen, calls={**calls, "xero": [*calls["xero"], written]})


def _i3(seen):
    return replace(seen, open_work={"push unknown": 1})


def _with_amounts(books, changed, **other):
    """The same books, with other amounts in one document."""
    documents = [one if one is not changed else replace(one, amounts=one.amounts | other) for one in books.documents]
    return replace(books, documents=documents)


def _i4_other_amount(seen):
    paid = next(one for one in seen.xero.documents if one.kind == "payment")
    bill = next(one for one in invariants.invoices(seen.xero) if paid.number.endswith(one.number))
    cent = Decimal("0.01")
    dearer = _with_amounts(seen.xero, bill, **{"invoice total": bill.amounts["invoice total"] + cent})
    return replace(seen, xero=_with_amounts(dearer, paid, payment=paid.amounts["payment"] + cent))


def _i4_missing(seen):
    lost = invariants.invoices(seen.xero)[0]
    return replace(seen, xero=replace(seen.xero, documents=[one for one in seen.xero.documents if one is not lost]))


def _i4_refund_twice(seen):
    refund = next(one for one in seen.xero.documents if one.kind == "refund")
    return replace(seen, xero=_with_amounts(seen.xero, refund, refund=2 * refund.amounts["refund"]))


def _i4_hub_differs(seen):
    return replace(seen, totals={**seen.totals, ("payment", "EUR"): auditor.Total()})


def _i5(seen):
    first = invariants.invoices(seen.xero)[0]
    return replace(seen, xero=_with_amounts(seen.xero, first, **{"invoice due": first.amounts["invoice due"] + 1}))


def _i6_lost_step(seen):
    record = next(iter(seen.steps))
    return replace(seen, steps={**seen.steps, record: seen.steps[record][:-1]})


def _i6_from_nowhere(seen):
    record = next(iter(seen.steps))
    steps = [("invoice created", "", "a"), ("invoice changed", "z", "b")]
    return replace(seen, steps={**seen.steps, record: steps}, revisions={**seen.revisions, record: 2})


def _i6_arrived_backwards(seen):
    return replace(seen, delivered={**seen.delivered, ("rec", ""): [2, 1]})


def _i7(seen):
    return replace(seen, open_work={"delivery waiting": 1})


def _i8_two_records(seen):
    vendor, kind, remote, _, part = seen.links[0]
    return replace(seen, links=[*seen.links, (vendor, kind, remote, "another record", part)])


def _i8_two_ids(seen):
    vendor, kind, _, record, part = seen.links[0]
    return replace(seen, links=[*seen.links, (vendor, kind, "another id", record, part)])


def _i8_swapped(seen):
    ours = [link for link in seen.links if link[:2] == ("xero", "invoice")]
    first, second = ours
    swapped = [(*first[:2], second[2], *first[3:]), (*second[:2], first[2], *second[3:])]
    return replace(seen, links=[link for link in seen.links if link not in ours] + swapped)


def _i8_without_a_link(seen):
    return replace(seen, remote={**seen.remote, ("xero", "payment", "stray"): "ch_stray"})


def _i12_call(seen):
    calls = deepcopy(seen.calls)
    calls["xero"][-1]["headers"]["xero-tenant-id"] = "somebody else's"
    return replace(seen, calls=calls)


def _i12_row(seen):
    return replace(seen, workspaces={**seen.workspaces, "record": {seen.workspace, "a stranger"}})


def _i12_bystander(seen):
    return replace(seen, workspaces={**seen.workspaces, "record": {seen.workspace, seen.bystander}})


def _i13_writes(seen):
    calls = deepcopy(seen.calls)
    calls["xero"] += [{**calls["xero"][-1], "method": "PUT", "path": "/api.xro/2.0/Items", "effects": []}] * 40
    return replace(seen, calls=calls)


def _i13_reads(seen):
    calls = deepcopy(seen.calls)
    calls["stripe"] += [{**calls["stripe"][-1], "method": "GET", "path": "/v1/events"}] * 500
    return replace(seen, calls=calls)


DAMAGE = [
    (invariants.i1_no_webhook_is_lost, _i1),
    *((invariants.i2_nothing_is_done_twice, _i2_made(kind)) for kind in MADE),
    (invariants.i2_nothing_is_done_twice, _i2_standing),
    (invariants.i2_nothing_is_done_twice, _i2_same_bytes),
    (invariants.i3_it_finishes, _i3),
    (invariants.i4_the_cents_agree, _i4_other_amount),
    (invariants.i4_the_cents_agree, _i4_missing),
    (invariants.i4_the_cents_agree, _i4_refund_twice),
    (invariants.i4_the_cents_agree, _i4_hub_differs),
    (invariants.i5_money_is_conserved, _i5),
    (invariants.i6_nothing_goes_back, _i6_lost_step),
    (invariants.i6_nothing_goes_back, _i6_from_nowhere),
    (invariants.i6_nothing_goes_back, _i6_arrived_backwards),
    (invariants.i7_nothing_is_orphaned, _i7),
    (invariants.i8_links_are_one_to_one, _i8_two_records),
    (invariants.i8_links_are_one_to_one, _i8_two_ids),
    (invariants.i8_links_are_one_to_one, _i8_swapped),
    (invariants.i8_links_are_one_to_one, _i8_without_a_link),
    (invariants.i12_tenants_are_apart, _i12_call),
    (invariants.i12_tenants_are_apart, _i12_row),
    (invariants.i12_tenants_are_apart, _i12_bystander),
    (invariants.i13_the_work_is_bounded, _i13_writes),
    (invariants.i13_the_work_is_bounded, _i13_reads),
]


@pytest.mark.parametrize(("check", "damaged"), DAMAGE, ids=[damaged.__name__ for _, damaged in DAMAGE])
def test_an_invariant_notices_the_damage_it_is_there_for(sound, check, damaged):
    assert check(sound) == []
    assert check(damaged(sound)) != []


def test_an_orphan_is_found_in_the_rows_themselves(hub, outside):
    outside.sell()
    hub.tell_all()
    hub.work()
    assert invariants.gather(outside, hub, "nobody").broken_store == []
    connection = hub.store.engine.raw_connection()
    sqlite = hub.store.engine.dialect.name == "sqlite"
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = off" if sqlite else "SET session_replication_role = replica")
    cursor.execute("UPDATE delivery SET record_id = 'nobody' WHERE id = (SELECT min(id) FROM delivery)")
    cursor.close()
    connection.commit()
    connection.detach()
    connection.close()
    assert invariants.i19_the_store_is_healthy(invariants.gather(outside, hub, "nobody")) != []
