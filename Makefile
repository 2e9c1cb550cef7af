# Everything that one does with a checkout. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench chaos messages schema lock install install-dev browser clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
LINTED := config demo portal dashboard analytics notifications imports cases returns tracking orders webhooks accounts ledger events merchants tests benchmarks tools manage.py

demo: install ## start everything with a demo shop in it; Ctrl-C ends it (ARGS="--help" lists its options)
	@echo "Starting PostgreSQL and Redis …"
	@exec $(BIN)/python manage.py demo $(ARGS)

# Tests that hold a whole installation to seconds run alone, after the others: beside them they would measure the
# load that the test run makes itself. (5: a word given by ARGS chose none of them.)
TESTS_ALONE := tests/live/test_log_live.py tests/live/test_rest_live.py
# One process more than there are cores: some tests wait for what they started.
TEST_PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 4 ? n + 1 : 4)))
test: install-dev browser ## run every test against real PostgreSQL, Redis, Celery and chromium (ARGS="-k word")
	@export AFTERWARD_HOME="$${AFTERWARD_HOME:-$(CURDIR)/.afterward/tests}" PYTHONDONTWRITEBYTECODE=; \
		$(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder -m "not chaos" \
			$(addprefix --ignore=,$(TESTS_ALONE)) $(ARGS) || [ $$? -eq 5 -a -n "$(ARGS)" ]; \
		$(BIN)/python -m pytest -q -m "not chaos" $(TESTS_ALONE) $(ARGS) || [ $$? -eq 5 -a -n "$(ARGS)" ]

lint: install-dev ## style, floors, types, migrations and the API's schema in step
	@$(BIN)/ruff check $(wildcard $(LINTED))
	@$(BIN)/ruff format --check --quiet $(wildcard $(LINTED)) || { echo "make format mends this"; exit 1; }
	@$(BIN)/lint-imports
	@$(BIN)/mypy $(filter-out tests benchmarks tools,$(wildcard $(LINTED)))
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python -m tools.messages check
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn | diff -q - docs/openapi.yaml >/dev/null || \
		{ echo "docs/openapi.yaml is not what the API is: make schema mends this"; exit 1; }

format: install-dev ## format the code
	@$(BIN)/ruff format $(wildcard $(LINTED))

bench: install-dev ## measure; ONLY=order_post measures one; writes benchmarks/results.json
	@exec $(BIN)/python -m benchmarks $(ONLY)

chaos: install-dev ## kill everything at random under load, print what came out as JSON: 20 minutes (CHAOS_ORDERS=500 CHAOS_SEEDS=7)
	@AFTERWARD_HOME="$${AFTERWARD_HOME:-$(CURDIR)/.afterward/tests}" exec \
		$(BIN)/python -m tests.chaos

messages: install-dev ## collect the texts of code and templates into locale/, and compile them
	@$(BIN)/python -m tools.messages collect
	@$(BIN)/python -m tools.messages compile

schema: install-dev ## write down the API as it is: docs/openapi.yaml
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

lock: install-dev ## pin the dependencies of pyproject.toml with hashes
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv
	@for extra in base dev; do \
		$(BIN)/python -m uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-header \
			--python-version 3.11 $$([ $$extra = base ] || echo --extra $$extra) \
			pyproject.toml --output-file requirements/$$extra.txt; \
	done

install: ## the virtual environment with what the program needs
	@PYTHON="$(PYTHON)" tools/install.sh base

install-dev: ## the virtual environment with what tests and linters need as well
	@PYTHON="$(PYTHON)" tools/install.sh dev

browser: ## chromium for the browser tests: installed by apt when root, else looked for
	@tools/install.sh browser

clean: ## forget the virtual environment, the embedded servers' data and all caches
	@rm -rf .venv .afterward .demo.json staticfiles test-artifacts .hypothesis .import_linter_cache
	@rm -rf .pytest_cache .mypy_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
