# Everything worth running. `make help` lists it; each target does its own set-up.
SHELL   := /bin/bash
PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
PIP     := $(BIN)/python -m pip --disable-pip-version-check
ESCALON := $(BIN)/escalon

.DEFAULT_GOAL := help
.PHONY: help api demo test check fmt lint types layers spec second fuzz fuzz-cli torture kills load forms anyorder anyorder-together everyway oneperson agreement bench mutants docs parts words lock serve clean system

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(VENV)/core: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "escalon needs Python 3.11 or newer")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies into $(VENV) ..."
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/core requirements-dev.lock
	@echo "installing the locked development tools into $(VENV) ..."
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/core ## a whole synthetic trial, opened in the browser (Ctrl-C stops it; OPEN=--no-open does not begin)
	@$(ESCALON) demo $(OPEN)

system: ## install Chromium and PostgreSQL with apt where that is possible
	@bash tests/install_system_packages.sh

test: $(VENV)/dev system lint types layers ## everything: lint, types, layers, unit, spec, property, engine, story, browser
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 10

check: $(VENV)/dev lint types layers ## the quick loop, under a minute
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q -m "not slow and not browser and not postgres" \
	  tests/facts tests/expressions tests/criteria tests/spec tests/protocol tests/conduct

lint: $(VENV)/dev ## style and common mistakes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run: make fmt"; exit 1; }

fmt: $(VENV)/dev ## format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

types: $(VENV)/dev ## strict types below web
	@$(BIN)/mypy

layers: $(VENV)/dev ## imports point downward only
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

spec: $(VENV)/dev ## the specification tables
	@$(BIN)/python -m pytest -q tests/spec

second: $(VENV)/dev ## every number of the endpoints counted a second time, on 50 invented trials
	@SECOND_PATH_SEEDS=50 $(BIN)/python -m pytest -q tests/second

fuzz: $(VENV)/dev ## 10,000 mutated data folders and study files
	@$(BIN)/python -m tests.fuzz.run --count 10000

fuzz-cli: $(VENV)/dev ## 5,000 calls of the commands with whatever may be typed
	@$(BIN)/python -m tests.fuzz.run commands

torture: $(VENV)/dev ## kill, fill, corrupt and crowd the casebook; figures printed
	@$(BIN)/python -m tests.torture.run

anyorder: $(VENV)/dev ## 5,000 steps of people trying things in any order, judged by a second reading of the record
	@ESCALON_ANY_ORDER=125 $(BIN)/python -m pytest -q tests/casebook/test_any_order.py

anyorder-together: $(VENV)/dev ## the same by two processes at once, 5,000 steps on SQLite and on PostgreSQL each
	@ESCALON_TOGETHER=63 $(BIN)/python -m pytest -q -s tests/casebook/test_any_order_together.py

everyway: $(VENV)/dev ## 2,000 events of every kind by every way in: refused, or every later question is answered
	@ESCALON_EVERY_WAY=2000 $(BIN)/python -m pytest -q tests/casebook/test_fold_before_commit.py

oneperson: $(VENV)/dev ## every correction of every entry by one person alone, in eight trials that are held: none opens the act
	@ESCALON_ONE_PERSON=1 $(BIN)/python -m pytest -q tests/casebook/test_one_person_lifts_nothing.py

agreement: $(VENV)/dev ## 1,000 lots of generated criteria and people: DuckDB and PostgreSQL say what is said of one at a time
	@ESCALON_AGREEMENT=1000 $(BIN)/python -m pytest -q tests/feasibility/test_agreement.py

orders: $(VENV)/dev ## all orders of up to ORDER acts (six, for hours; 3 for minutes) over two participants and levels
	@ESCALON_EVERY_ORDER=$(or $(ORDER),6) $(BIN)/python -m pytest -q -s tests/casebook/test_every_order.py

kills: $(VENV)/dev ## kill the server 100 times while somebody types; figures printed
	@$(BIN)/python -m tests.web.kills 100

load: $(VENV)/dev ## 10 people on SQLite and 50 on PostgreSQL, SECONDS each (300): no error, 95 of 100 answers under 500 ms
	@$(BIN)/python -m tests.web.load sqlite 10 $(or $(SECONDS),300)
	@$(BIN)/python -m tests.web.load postgresql 50 $(or $(SECONDS),300)

forms: $(VENV)/dev ## type 500 rows of the specification into the pages of their instruments
	@ESCALON_FORM_ROWS=500 $(BIN)/python -m pytest -q tests/web/test_every_form.py -k typed

bench: $(VENV)/dev ## speed, as ratios against named baselines in the same run
	@$(BIN)/python -m benchmarks.run

mutants: $(VENV)/dev ## 60 small faults over all layers: do the tests notice? 15 minutes at most
	@timeout 900 $(BIN)/python -m tools.mutants --least 55

docs: $(VENV)/dev ## regenerate the generated pages of docs/
	@$(BIN)/python -m tools.docs

api: $(VENV)/dev ## 5,000 generated requests to the workbench's interface: no error of ours
	@ESCALON_API_CASES=5000 $(BIN)/python -m pytest -q tests/web/test_api.py

words: $(VENV)/dev ## take the pages' text into the catalogue of each language
	@$(BIN)/python -m tools.words

parts: $(VENV)/dev ## fetch what the pages use that others wrote, and check it (needs npm)
	@$(BIN)/python -m tools.parts

lock: ## renew the lock files (needs uv)
	@uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header -q -o requirements.lock
	@uv pip compile pyproject.toml --group build --group dev --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header -c requirements.lock -q -o requirements-dev.lock

serve: $(VENV)/core ## the pages, on this computer only
	@$(ESCALON) serve

clean: ## remove what make has made
	@rm -rf $(VENV) out demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
