"""The files people deploy with name commands and settings that exist."""

import re
from pathlib import Path

import yaml

from cli.main import cli
from core.settings import settings_from

ROOT = Path(__file__).parents[2]


def test_every_command_that_is_deployed_exists():
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    commands = [service["command"] for service in compose["services"].values() if "build" in service]
    commands += [
        re.search(r"^ExecStart=\S+/(subledger .*)$", unit.read_text(), re.MULTILINE)[1].split()
        for unit in (ROOT / "deploy/systemd").iterdir()
    ]
    assert len(commands) == 7
    for program, *words in commands:
        assert program == "subledger"
        group = cli
        for word in words:
            group = group.commands[word]


def test_every_setting_that_is_deployed_is_one_that_is_read():
    guide = (ROOT / "docs/running.md").read_text()
    told = set(re.findall(r"`((?:SUBLEDGER|DATABASE|REDIS)_[A-Z_]+)`", guide))

    asked = set()

    class Asked(dict):
        def get(self, name, default=None):
            asked.add(name)
            return default

    settings_from(Asked())
    assert told <= asked
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    assert set(compose["x-hub"]["environment"]) <= asked


def test_what_the_bell_is_deployed_with_is_what_the_hub_accepts():
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    assert compose["services"]["bell"]["command"][-2:] == ["--maxmemory-policy", "noeviction"]
