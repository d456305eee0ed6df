from collections import Counter
from random import Random

from demo import disturbances
from sandbox.faults import Faults


def struck(seed, webhooks):
    faults = Faults()
    faults.add(list(disturbances.webhooks(Random(seed))), None)
    taken = (faults.take_for_webhook("invoice.paid") for _ in range(webhooks))
    return [one.fault if one else "" for one in taken]


def test_of_each_twenty_webhooks_one_is_lost_and_others_come_twice_or_late():
    fates = struck(1, 400)
    for block in range(20):
        counted = Counter(fates[20 * block : 20 * (block + 1)])
        assert counted == {"drop": 1, "duplicate": 2, "reorder": 2, "": 15}


def test_the_seed_chooses_which():
    assert struck(1, 100) == struck(1, 100) != struck(2, 100)


def test_the_ledger_refuses_one_write_and_loses_the_answers_of_two():
    for seed in range(20):
        faults = Faults()
        faults.add(list(disturbances.ledger(Random(seed))), None)
        writes = ["Contacts", "Items", "Invoices", "Payments", "CreditNotes"] * 2
        taken = [faults.take("PUT", f"/api.xro/2.0/{name}") for name in writes]
        assert Counter(one.fault for one in taken if one) == {"refuse": 1, "commit_then_close": 2}
        assert faults.take("GET", "/api.xro/2.0/Invoices") is None
