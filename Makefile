# Everything a person or a machine does with this repository. Needs python3 (3.11 or newer) and nothing else.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE := tests/conformance
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-input --no-deps --require-hashes

.DEFAULT_GOAL := help
.PHONY: help run test check soak bench lock install install-run format

help: ## Show what can be made.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: install-run ## Start the server with an embedded PostgreSQL and the demo on http://127.0.0.1:8000/graphql
	@exec $(BIN)/python server.py run

test: install ## Run every test.
	@exec $(BIN)/python -m pytest

# The types are checked beside the rest: each takes half of the time and one processor.
check: install ## Lint, format, types, import contracts and the rules of the house.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy & types=$$!; \
		$(BIN)/lint-imports && $(BIN)/python -m pytest -q -n 0 tests/house; rest=$$?; \
		wait $$types && exit $$rest

soak: install ## Run the long tests that `make test` leaves out.
	@exec $(BIN)/python -m pytest -n 0 -m soak

bench: install ## Measure against bare asyncpg programs doing the same SQL.
	@exec $(BIN)/python -m benchmarks

format: install ## Rewrite the code in the format that `make check` asks for.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

lock: install ## Pin every dependency again, newest that fits, with hashes and without addresses.
	$(UV_COMPILE) --upgrade requirements.in -o requirements.txt
	$(UV_COMPILE) --upgrade --constraint requirements.txt requirements-dev.in -o requirements-dev.txt

# A lock file is copied into the environment once all of it is installed. The copy differing from the lock, or missing
# after an interruption, is what makes the next run install again; both equal costs a few milliseconds.
install-run: $(VENV)/usable ## Install what the server needs.
	@cmp -s requirements.txt $(VENV)/installed-run || { \
		echo "Installing what the server needs into $(VENV), once ..." \
		&& rm -f $(VENV)/installed-run && $(PIP_INSTALL) -r requirements.txt \
		&& cp requirements.txt $(VENV)/installed-run.part && mv $(VENV)/installed-run.part $(VENV)/installed-run; }

install: $(VENV)/usable ## Install what development needs too.
	@cmp -s requirements-dev.txt $(VENV)/installed-dev && cmp -s requirements.txt $(VENV)/installed-run || { \
		echo "Installing what development needs into $(VENV), once ..." \
		&& rm -f $(VENV)/installed-dev $(VENV)/installed-run && $(PIP_INSTALL) -r requirements-dev.txt \
		&& cp requirements.txt $(VENV)/installed-run \
		&& cp requirements-dev.txt $(VENV)/installed-dev.part && mv $(VENV)/installed-dev.part $(VENV)/installed-dev; }
	@cmp -s $(NODE)/package-lock.json $(NODE)/node_modules/installed.json || $(BIN)/python -m tests.conformance.install

# Not a file: the interpreter is tried each time, because a checkout may be moved and an interpreter upgraded away.
.PHONY: $(VENV)/usable
$(VENV)/usable:
	@test -f $(VENV)/created && $(BIN)/python -c '' 2>/dev/null || { \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
			|| { echo "Quanyi needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 1; }; \
		rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) && touch $(VENV)/created; }
