"""What the pages say is so: commands run, links lead somewhere, tests that are named are there."""

import ast
import gc
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import cli, main
from core.reasons import ReasonCode
from mapping.slots import FACTS, SLOTS
from web.pages import words

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

_BLOCK = re.compile(r"(?:<!-- not run here: (?P<reason>[^>]+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)```", re.DOTALL)
_LANGUAGES = {"console", "ini", "json", "nginx", "python", "sql", "text"}
_STAY = {"up", "web", "worker", "scheduler", "sandbox", "run"}
"""Commands that go on until somebody ends them."""


def blocks(path, language):
    """Those that are run: a block that cannot be says why, in a comment above it."""
    found = _BLOCK.finditer(path.read_text(encoding="utf-8"))
    return [one["text"] for one in found if one["language"] == language and not one["reason"]]


def commands(path):
    return [
        line.removeprefix("$ ")
        for block in blocks(path, "console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


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


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_says_what_it_is_and_what_is_not_run_says_why(path):
    text = path.read_text(encoding="utf-8")
    found = list(_BLOCK.finditer(text))
    assert text.count("```") == 2 * len(found)
    for one in found:
        assert one["language"] in _LANGUAGES
        if one["language"] == "console":
            assert all(line.startswith("$ ") for line in one["text"].splitlines()), one["text"]
        assert one["reason"] is None or len(one["reason"].split()) > 3
    outside = _BLOCK.sub("", text)
    assert not re.search(r"\n\n    \S", outside), "a block that no test sees"
    assert outside.count("not run here") == 0


class Reader:
    """Somebody who does what a page says, on a machine of their own, in a folder with the examples of the docs."""

    def __init__(self, home, monkeypatch, capsys):
        self.capsys = capsys
        for name in [name for name in os.environ if name.startswith("SUBLEDGER")] + ["DATABASE_URL", "REDIS_URL"]:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("SUBLEDGER_PORT", _free_port())
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _: "whsec_sandbox_typed by a reader")
        folder = home / "work"
        folder.mkdir()
        (folder / "docs").mkdir()
        for example in (ROOT / "docs").glob("*.json"):
            # nobody but this machine is called
            text = re.sub(r"https://[a-z.]+", "http://127.0.0.1:9", example.read_text(encoding="utf-8"))
            (folder / "docs" / example.name).write_text(text, encoding="utf-8")
        monkeypatch.chdir(folder)

    def does(self, command):
        words = shlex.split(command)
        if words[0] == "make":
            subprocess.run([*words, "--dry-run"], cwd=ROOT, capture_output=True, check=True)
        elif words[0] != "subledger":
            done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=120)
            assert (done.returncode, done.stderr) == (0, ""), command
        elif words[1] in _STAY:
            self._starts_and_ends(words)
        else:
            gc.collect()  # each command is a process of its own, which leaves nothing open
            with pytest.raises(SystemExit) as ended:
                main(words[1:])
            assert (ended.value.code, self.capsys.readouterr().err) == (0, ""), command

    def _starts_and_ends(self, words):
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline(), process.stderr.read()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        assert process.returncode == 0, words


_RUN = [path for path in PAGES if commands(path)]


@pytest.mark.parametrize("path", _RUN, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_of_a_page_run_in_their_order(path, tmp_path, monkeypatch, capsys):
    """On a hub that was set up as the README says, unless the page sets one up itself."""
    reader = Reader(tmp_path, monkeypatch, capsys)
    wanted = commands(path)
    set_up = "subledger setup docs/setup.example.json"
    for command in ["subledger db upgrade", *([] if set_up in wanted else [set_up]), *wanted]:
        reader.does(command)


def test_the_pages_with_commands_are_those_that_a_reader_follows():
    assert {str(path.relative_to(ROOT)) for path in _RUN} >= {
        "README.md",
        "CONTRIBUTING.md",
        "docs/bookkeeper.md",
        "docs/developer.md",
        "docs/running.md",
        "docs/setup.md",
        "sandbox/README.md",
    }


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_json_and_python_in_the_pages_is_what_it_says(path):
    for text in blocks(path, "json"):
        json.loads(text)
    for text in blocks(path, "python"):
        exec(compile(text, str(path), "exec"), {})


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_what_the_readme_asks_make_for_is_there():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert wanted >= {"demo", "test", "help", "setup"}
    assert wanted <= set(targets)


def test_the_bookkeepers_guide_explains_every_cause():
    page = (ROOT / "docs/bookkeeper.md").read_text(encoding="utf-8")
    for code in ReasonCode:
        assert f"| {words.cause(code)} |" in page, words.cause(code)


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
