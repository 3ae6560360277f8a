# Sprechstunde: everything a person types. `make help` lists it.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: demo run test test-sqlite test-postgres test-processes bench lint format lock vendor messages clean help

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
PYTHON_CODE := $(wildcard manage.py sprechstunde sessions_app routing scripts tests bench)
PYTEST := $(BIN)/python -m pytest

$(RUNTIME): requirements.txt scripts/venv.sh
	@sh scripts/venv.sh $(VENV) requirements.txt
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.txt
	@sh scripts/venv.sh $(VENV) requirements-dev.txt
	@touch $@

demo: $(RUNTIME) ## everything with a simulated WhatsApp and sample data; Ctrl-C stops it
	@exec $(BIN)/python -m sprechstunde.supervisor demo

run: $(RUNTIME) ## the same processes from .env, without simulator and sample data
	@exec $(BIN)/python -m sprechstunde.supervisor run

test: $(DEV) ## all tests: on SQLite with a real browser, and beside it on PostgreSQL
	@sh scripts/test.sh "$(MAKE)" $(BIN)/python

# The portal's own processes, killed and started: the supervisor, the simulator, chaos.
PROCESSES := tests/ground tests/simulator tests/chaos

test-sqlite: $(DEV)
	@$(PYTEST) -m "not postgres_only" $(PROCESSES:%=--ignore=%)

# What knows no database runs once.
test-postgres: $(DEV)
	@$(BIN)/python -m tests.services.postgres -- $(PYTEST) -m "not browser and not sqlite_only" \
	    --ignore=tests/simulator

test-processes: $(DEV)
	@$(PYTEST) $(PROCESSES)

bench: $(DEV) ## the benchmark table, as Markdown, each figure beside its floor
	@$(BIN)/python -m bench

lint: $(DEV) ## format, rules, types, imports, templates, migrations, translations, vendored files
	@BIN=$(BIN) sh scripts/lint.sh $(PYTHON_CODE)

format: $(DEV) ## put code and templates into our format
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/djlint --quiet --reformat templates || true

lock: $(DEV) ## compile requirements*.in into pinned, hashed files
	@UV=$(BIN)/uv sh scripts/lock.sh

vendor: ## fetch the browser files anew (needs npm)
	@python3 scripts/vendor.py

messages: $(DEV) ## collect texts from code and templates into locale/ and compile them
	@$(BIN)/python scripts/messages.py update

clean: ## remove what tools left behind; VAR_DIR holds data and stays
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
