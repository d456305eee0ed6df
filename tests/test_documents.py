"""What the pages say is so: commands run, links lead somewhere, tests that are named are there."""

import ast
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from cli.main import cli, main
from mapping.slots import FACTS, SLOTS

ROOT = Path(__file__).parents[1]
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    if name and (ROOT / name).is_file()
]
PAGES = [path for path in TRACKED if path.suffix == ".md"]
TEXTS = [path for path in TRACKED if path.suffix not in {".png", ".db", ".gz"}]
README = (ROOT / "README.md").read_text(encoding="utf-8")

NOT_RUN_HERE = ("subledger up", "export ", "eval ", "_SUBLEDGER_COMPLETE=")
"""Not run here: they stay up, or speak to servers or a shell that are not here; other tests do."""


def test_the_pages_that_a_visitor_looks_for_are_there():
    assert {path.name for path in PAGES if path.parent == ROOT} >= {
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    }


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_to_what_is_there(path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), target


def test_the_architecture_names_tests_that_are_there():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"\[(test_\w+)\]\((tests/[\w/]+\.py)\)", page)
    assert len(named) > 10
    for name, path in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{path}: {name}"


def test_the_picture_of_the_way_names_rooms_that_are_there():
    picture = (ROOT / "docs/pictures/way.svg").read_text(encoding="utf-8")
    named = re.findall(r">((?:web|worker)/\w+)<", picture)
    assert len(named) == 4
    for name in named:
        assert (ROOT / f"{name}.py").exists(), name


def shown_commands():
    fences = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    return [line.removeprefix("$ ") for fence in fences for line in fence.splitlines() if line.startswith("$ ")]


def test_the_commands_of_the_readme_run_in_their_order(tmp_path, monkeypatch, capsys):
    for name in [name for name in os.environ if name.startswith("SUBLEDGER")] + ["DATABASE_URL", "REDIS_URL"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    ran = [command for command in shown_commands() if not command.startswith((*NOT_RUN_HERE, "make "))]
    for command in ran:
        program, *arguments = shlex.split(command)
        assert program == "subledger"
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert (ended.value.code, capsys.readouterr().err) == (0, ""), command
    assert len(ran) >= 6


def test_what_the_readme_asks_make_for_is_there():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert wanted >= {"demo", "test", "help", "setup"}
    assert wanted <= set(targets)


def test_every_command_that_a_page_names_is_there():
    for path in PAGES:
        for name in re.findall(r"`subledger ([a-z][a-z-]+)", path.read_text(encoding="utf-8")):
            assert name in cli.commands, f"{path.name}: subledger {name}"


def test_the_page_on_setting_up_explains_every_field_of_the_example():
    page = (ROOT / "docs/setup.md").read_text(encoding="utf-8")
    example = json.loads((ROOT / "docs/setup.example.json").read_text(encoding="utf-8"))
    book = {f"book.{name}" for name in example["book"]}
    connection = {name for one in example["connections"] for name in [*one, *one["secrets"], *one.get("options", ())]}
    for name in {"workspace", *book, *connection, *SLOTS} | set(FACTS):
        assert f"`{name}`" in page, name


RULES = {
    "a path of some machine": r"(?<![\w.])/(?:root|Users)/|/home/(?!subledger\b)\w+/",
    "a registry's host": r"pypi\.org|pythonhosted\.org|npmjs\.|\bghcr\.io|\bquay\.io|extra-index-url|--index-url",
    "a secret that looks real": r"\b(?:sk|rk|pk)_live_\w{8,}",
    "work that was put off": r"\b(?:TODO|FIXME)\b",
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_no_file_holds_what_does_not_belong_here(rule):
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in TEXTS
        if path != Path(__file__)
        for match in re.finditer(rule, path.read_text(encoding="utf-8"))
    ]
    assert found == []
