# `make help` lists the targets. Everything runs in .venv, built from hash-locked requirements.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE := shared services cli simulator chaos deploy docs tests $(wildcard benchmarks)
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-annotate \
	--custom-compile-command "make lock" --no-emit-index-url pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help setup demo test fuzz chaos outages test-alarms test-containers test-compose bench check format docs lock clean

help: ## list what you can do here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "leadstream needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Say which to use: make PYTHON=python3.12 ...")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked requirements into $(VENV) (once; about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(STAMP) ## make .venv from the hash-locked requirements

demo: $(STAMP) ## one list through everything; FILE=list.csv takes yours, ROWS=1000 makes one up
	@$(BIN)/leadstream demo $(if $(FILE),--file "$(FILE)") $(if $(ROWS),--rows "$(ROWS)")

test: $(STAMP) ## all tests but the slow ones, four at once, for most wait; then those that measure time, one by one
	$(BIN)/pytest -m "not slow and not alone" --numprocesses 4 --dist worksteal
	$(BIN)/pytest -m "alone and not slow"

fuzz: $(STAMP) ## ten thousand damaged inputs, COUNT=10000 of each kind; histories cut in thirty ways (minutes)
	LEADSTREAM_FUZZ=$(or $(COUNT),10000) LEADSTREAM_CUTS=30 $(BIN)/pytest --timeout=0 tests/unit/test_fuzz_*.py tests/integration/test_cuts.py

chaos: $(STAMP) ## break everything for MINUTES=5 (SEED=7 repeats a run), and see that nothing is lost
	$(BIN)/python -m chaos $(if $(SEED),--seed $(SEED)) --minutes $(or $(MINUTES),5)

outages: $(STAMP) ## NATS, then PostgreSQL, away for SECONDS=600 while answers come in (half an hour)
	LEADSTREAM_AWAY_SECONDS=$(or $(SECONDS),600) $(BIN)/pytest -s tests/chaos/test_outages.py

test-alarms: ## the alarms against made-up metrics, by Prometheus's own promtool
	@command -v promtool >/dev/null || { echo "promtool is missing: it comes with Prometheus (Debian: apt-get install prometheus)"; exit 1; }
	cd deploy/observability && promtool check config prometheus.yml && promtool test rules alerts_test.yml

test-containers: $(STAMP) ## integration tests against servers in containers, or, without Docker, the embedded ones
	$(BIN)/pytest --containers tests/integration

test-compose: $(STAMP) ## a list through the compose file (needs Docker)
	$(BIN)/pytest -m slow tests/containers

bench: $(STAMP) ## measure throughput, latency, CPU and memory; a preview and the staging of 100,000 rows
	$(BIN)/python -m benchmarks.machine
	$(BIN)/python -m benchmarks.run
	$(BIN)/python -m benchmarks.rebuild
	$(BIN)/python -m benchmarks.intake

check: $(STAMP) ## lint, format, types, import rules, generated docs
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

format: $(STAMP) ## put the code into its one format
	$(BIN)/ruff check --fix-only --quiet $(CODE)
	$(BIN)/ruff format $(CODE)

docs: $(STAMP) ## write the generated pages and contracts
	$(BIN)/python -m docs.generate

lock: $(STAMP) ## resolve pyproject.toml into requirements/, with hashes
	$(LOCK) -o requirements/runtime.txt
	$(LOCK) --extra dev -c requirements/runtime.txt -o requirements/dev.txt

clean: ## remove .venv and what tools left behind; data in .leadstream stays
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
