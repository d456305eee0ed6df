"""The table of what is proved is true: nothing that is asked for is absent, and every proof it names exists."""

import re
import subprocess
import sys
from collections import defaultdict
from itertools import chain, product
from pathlib import Path

import pytest
from scenarios import SCENARIOS

TESTS = Path(__file__).parents[1]

ASKED_FOR = {
    *chain(range(1, 13), range(14, 20)),  # processes killed
    *range(30, 34),  # Redis
    *range(40, 47),  # the database
    *chain([55, 56, 58, 59], range(63, 66), range(67, 77)),  # inbound
    *chain(range(78, 81), range(82, 88), range(90, 93), range(95, 98)),  # ambiguous writes
}


@pytest.fixture(scope="module")
def collected():
    """File and name of each test to the words of its parameters, a set for each time it is run."""
    files = sorted({proof.partition("::")[0] for scenario in SCENARIOS for proof in scenario.proofs})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", *(f"tests/{file}" for file in files)]
    listed = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=True, timeout=120).stdout
    found = defaultdict(list)
    for line in listed.splitlines():
        test, _, parameters = line.removeprefix("tests/").partition("[")
        found[test].append(set(re.split(r"[-+]", parameters.removesuffix("]"))))
    return found


def test_every_scenario_that_is_asked_for_is_in_the_table_once():
    numbers = [scenario.number for scenario in SCENARIOS]
    assert numbers == sorted(set(numbers))
    assert set(numbers) >= ASKED_FOR


def missing(collected, scenario):
    for test, wanted in scenario.proofs.items():
        for database, kind in product(scenario.databases or [""], scenario.kinds or [""]):
            words = {word.format(database=database, kind=kind) for word in wanted}
            if not any(words <= parameters for parameters in collected[test]):
                yield f"{scenario.number}: {test} with {sorted(words)}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: str(scenario.number))
def test_every_proof_of_a_scenario_exists_for_each_kind_and_each_database(collected, scenario):
    assert list(missing(collected, scenario)) == []


def test_a_proof_that_does_not_exist_is_missed(collected):
    killed = next(scenario for scenario in SCENARIOS if scenario.number == 3)
    without = {test: [words - {"credit_note"} for words in runs] for test, runs in collected.items()}
    assert len(list(missing(defaultdict(list, without), killed))) == len(killed.databases)
