# Everything works with Python 3.11+, git and make alone; `make help` is the whole page.
# Paths stay relative: a folder with a space in its name must work.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check bench screenshots fix lock clean

help: ## this page
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null \
	  || grep -hE '^[a-z-]+:.*## ' Makefile

setup: $(VENV)/.run-installed ## install into .venv, which then holds .venv/bin/subledger

demo: $(VENV)/.run-installed ## watch two months of a business travel from Stripe to Xero, equal to the cent
	@$(BIN)/subledger demo

run: $(VENV)/.run-installed ## keep it all up, pages and sandboxes, until Ctrl-C
	@$(BIN)/subledger run

test: $(VENV)/.dev-installed ## the whole test-suite, on SQLite and on PostgreSQL
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev-installed ## format, lint, strict types, import contracts
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache --verbose >/dev/null || $(BIN)/lint-imports --no-cache
	@echo "check: format, lint, types and import contracts are fine"

bench: $(VENV)/.dev-installed ## measure: doors, calls, documents, growth, memory, locks (BENCH_ARGS=--quick for minutes)
	@$(BIN)/python -m bench $(BENCH_ARGS)

screenshots: $(VENV)/.run-installed ## take pictures of the pages with Chromium, into docs/screenshots
	@$(BIN)/python -m demo.screenshots

fix: $(VENV)/.dev-installed ## format, and mend what the linter can mend
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

lock: ## pin the dependencies anew (needs uv); names and hashes only, no address
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  pyproject.toml --extra install --extra dev --upgrade -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  pyproject.toml --extra install -c requirements-dev.lock -o requirements.lock

clean: ## remove what was installed and built
	rm -rf $(VENV) build subledger.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Subledger needs Python 3.11 or newer; say which with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "No virtual environment could be made; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }

$(VENV)/.run-installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing (once; about 20 seconds)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-installed: requirements-dev.lock $(VENV)/.run-installed
	@echo "installing the development tools (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
