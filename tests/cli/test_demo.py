"""The demo as a command: what it prints of a run that came out equal, and of one that did not."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from cli import show
from demo.auditor import Total
from demo.comparison import Row
from demo.run import Verdict

README = Path(__file__).parents[2] / "README.md"
PATIENCE_SECONDS = 420
DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3, "USD": 2}


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_SECONDS + 30)
def test_the_demo_ends_with_0_and_prints_one_line_of_equal_rows(fresh):
    with fresh.started("demo", "--json") as process:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, err) == (0, "")
    (line,) = out.splitlines()
    told = json.loads(line)
    assert sorted(told) == ["calls", "minimum", "notes", "rows", "seconds"]
    for row in told["rows"]:
        assert list(row) == ["kind", "currency", "stripe", "subledger", "xero", "difference", "count"]
        assert row["stripe"] == row["subledger"] == row["xero"]
        assert -Decimal(row["stripe"]).as_tuple().exponent == DECIMALS[row["currency"]]
        assert Decimal(row["difference"]) == 0
        assert len(set(row["count"].values())) == 1
    kinds = {row["kind"] for row in told["rows"]}
    assert kinds == {
        "invoice total",
        "invoice tax",
        "invoice due",
        "credit note",
        "credit note tax",
        "payment",
        "refund",
        "receivable",
    }
    assert {row["currency"] for row in told["rows"]} == DECIMALS.keys()
    assert {note.split(" is ")[1].split(",")[0] for note in told["notes"] if " is " in note} >= {"uncollectible"}
    assert [shown(row) for row in told["rows"]] == rows_of_the_readme()
    for vendor in ("stripe", "xero"):
        assert told["calls"][vendor] > told["minimum"][vendor] > 0
    assert told["seconds"] > 0


def shown(row):
    return " ".join([*list(row.values())[:-1], str(row["count"]["stripe"])])


def rows_of_the_readme():
    """What it shows of the demo, spaces apart; it has to be what the demo prints."""
    (table,) = re.findall(r"```text\nkind .*?\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return [" ".join(line.split()) for line in table.splitlines()]


def test_what_is_not_equal_is_printed_as_a_whole_and_ends_with_1(fresh, monkeypatch):
    sides = {side: Total(Decimal(amount), 1) for side, amount in (("stripe", "1"), ("subledger", "1"), ("xero", ".99"))}
    calls = {"stripe": {"GET": 2}, "xero": {"GET": 1, "PUT": 1}}
    verdict = Verdict(
        [Row("invoice total", "EUR", sides)], ["IN-2 is void"], calls, {"stripe": 1, "xero": 1}, ["IN-1 differs"]
    )
    monkeypatch.setattr(show, "run_demo", lambda seed, *, progress: (verdict, 3))
    done = fresh("demo", "--json")
    assert done.code == 1
    told = json.loads(done.out)
    assert told["rows"][0]["difference"] == "0.01"
    assert told["notes"] == ["IN-2 is void"]
    assert told["calls"] == {"stripe": 2, "xero": 2}
    assert json.loads(done.err) == {"error": "Not everything is equal: IN-1 differs"}
    assert "0.99" in fresh("demo").out


def test_the_seed_is_the_environments(fresh, monkeypatch):
    asked = []
    monkeypatch.setattr(show, "run_demo", lambda seed, *, progress: (asked.append((seed, progress)), 1 / 0))
    for arguments, seed in ((["demo"], "7"), (["demo", "--json"], "")):
        with pytest.raises(ZeroDivisionError):
            fresh(*arguments, SUBLEDGER_SEED=seed)
    assert asked == [(7, True), (1, False)]
