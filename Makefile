# The front door. Every target builds the virtual environment by itself when pyproject.toml is newer than it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo demo-kafka test soak check bench bench-kafka clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## run the flights example
	@$(BIN)/python -m examples.flights

demo-kafka: $(READY) ## run the flights through Kafka, while the pipeline is killed five times
	@$(BIN)/python -m examples.kafka_flights

test: $(READY) ## run the tests, the docstring examples and the code in README and docs
	@$(BIN)/python -m pytest

KILLS ?= 25

soak: $(READY) ## kill a pipeline KILLS times on a real Kafka, and check that nothing is lost or doubled
	@$(BIN)/python -m tests.soak --kills $(KILLS)

check: $(READY) ## lint, formatting, types and the import law
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(READY) ## measure against the hand-written loop
	@$(BIN)/python -m benchmarks

bench-kafka: $(READY) ## measure from topic to topic on a Kafka broker of its own, against loops on the raw client
	@$(BIN)/python -m benchmarks.kafka

clean: ## remove the virtual environment, caches and build output
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -type d -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "streamcore needs Python 3.11 or newer, '$(PYTHON)' is older or missing; use make PYTHON=python3.13" >&2; exit 1; }
	@echo "Setting up $(VENV) (about a minute, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --editable '.[all,dev]'
	@touch $@
