"""RULES.md is held to what it says: its places, its tests and its switches are there."""

import re
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

from sandbox import xero
from sandbox.xero.limits import Allowed
from sandbox.xero.rules import Rules

CODE = Path(xero.__file__).parent
TESTS = Path(__file__).parent
SWITCHES = {one.name for kind in (Rules, Allowed) for one in fields(kind)}


class Rule(NamedTuple):
    text: str
    code: str
    test: str
    switch: str


def rules() -> list[Rule]:
    lines = (CODE / "RULES.md").read_text("utf-8").partition("## Not played")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [Rule(*row) for row in cells if row[0] != "Rule"]


RULES = rules()


def test_every_rule_names_a_place_and_a_test_that_are_there():
    missing = []
    for rule in RULES:
        place, test = (re.fullmatch(r"(\w+\.py) `(\w+)`", cell) for cell in (rule.code, rule.test))
        if not re.search(rf"\b{place[2]}\b", (CODE / place[1]).read_text("utf-8")):
            missing.append(rule.code)
        if not re.search(rf"^def {test[2]}\(", (TESTS / test[1]).read_text("utf-8"), re.MULTILINE):
            missing.append(rule.test)
    assert missing == []


def test_general_knowledge_names_its_switch():
    for rule in RULES:
        named = set(re.findall(r"`(\w+)`", rule.switch))
        assert (rule.text, named - SWITCHES) == (rule.text, set())
        if "(GK)" in rule.text:
            assert (rule.text, named) != (rule.text, set())


def test_every_switch_stands_in_the_list():
    listed = {name for rule in RULES for name in re.findall(r"`(\w+)`", rule.switch)}
    assert {one.name for one in fields(Rules)} <= listed


def test_no_rule_stands_twice():
    texts = [rule.text for rule in RULES]
    assert len(texts) == len(set(texts)) > 200
