from pathlib import Path

from cli.matrix import markdown

PAGE = Path(__file__).parents[2] / "docs/connectors.md"


def test_the_page_of_connectors_is_what_their_declarations_say():
    assert PAGE.read_text() == markdown(), "subledger connectors --markdown > docs/connectors.md"
