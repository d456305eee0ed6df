"""RULES.md is held against what it speaks of: code, tests and switches."""

import importlib
import re
from dataclasses import fields
from pathlib import Path

import pytest

from sandbox.stripe.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "sandbox" / "stripe" / "RULES.md"
ROW = re.compile(
    r"\| (?P<rule>.+) \| \[(?P<module>\w+)\.py\]\((?P=module)\.py\) `(?P<name>[\w.]+)`"
    r" \| \[(?P<test>test_\w+)\]\(\.\./\.\./(?P<file>[\w/]+\.py)\) \| (?P<turned>.*) \|"
)
SWITCHES = {one.name for one in fields(Settings)}


def rules():
    listed = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [line for line in listed if line != "| Rule | Where | Test | Turned by |"]


@pytest.mark.parametrize("line", rules(), ids=lambda line: line[2:60])
def test_a_rule_names_code_a_test_and_switches_that_there_are(line):
    row = ROW.fullmatch(line)
    assert row, "a row is | rule | [module.py](module.py) `name` | [test](file) | what turns it |"
    found = importlib.import_module(f"sandbox.stripe.{row['module']}")
    for name in row["name"].split("."):
        found = getattr(found, name)
    assert f"def {row['test']}(" in (ROOT / row["file"]).read_text("utf-8")
    named = set(re.findall(r"`(\w+)`", row["turned"]))
    assert named <= SWITCHES
    if "(GK)" in row["turned"]:
        assert named


def test_every_switch_turns_a_rule():
    named = {name for line in rules() for name in re.findall(r"`(\w+)`", ROW.fullmatch(line)["turned"])}
    assert SWITCHES - named == set()
