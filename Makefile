# The same commands here and in CI. Each sets up what it needs: with uv where it is there, else with a plain venv.

VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
# Where the program that benchmarks are run beside is: it pins old releases of what is in .venv.
PEER := .venv-bench/.installed
SEED ?= 1
# Processes that test side by side; much of the time is waiting.
JOBS ?= 4
ARGS ?=
# The first Python on the PATH that is new enough; `make PYTHON=/path/to/python3.13 test` takes another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: help setup demo test lint bench campaign docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(DEV) ## everything for working on it, in .venv (the others call this by themselves)

demo: $(RUN) ## the whole product on embedded parts, ending with a digest in this terminal
	@$(BIN)/garden demo --once $(ARGS)

test: $(DEV) ## all tests, but for campaigns; ARGS="tests/steps -k redact" chooses
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

lint: $(DEV) ## ruff, its formatting, mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(DEV) $(PEER) ## all benchmarks, and what has to hold; ARGS=--million mines up to a million lines, too
	@$(BIN)/python bench/all.py $(ARGS)

campaign: $(DEV) ## the long, seeded tests; SEED=7 chooses the seed
	@SEED=$(SEED) $(BIN)/python -m pytest -m campaign $(ARGS) || { \
	  status=$$?; [ $$status -eq 5 ] || exit $$status; echo "There are no campaigns yet."; }

docs: $(DEV) ## writes the generated parts: .env.example, garden.toml.example, tables, the picture in the README
	@$(BIN)/python docs/generate.py

clean: ## removes .venv, .venv-bench, what was built, and caches; never a database
	rm -rf $(VENV) .venv-bench build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): EXTRAS :=
$(DEV): EXTRAS := --group dev
$(RUN) $(DEV): pyproject.toml
	@if [ ! -x $(BIN)/python ] && ! command -v uv >/dev/null 2>&1 && [ -z "$(PYTHON)" ]; then \
	  echo "Log Gardener needs Python 3.11 or newer, and there is none on the PATH."; \
	  echo "Install one (https://www.python.org/downloads/), or uv (https://docs.astral.sh/uv/), and try again."; \
	  exit 1; \
	fi
	@echo "Installing into $(VENV) (once) ..."
	@if command -v uv >/dev/null 2>&1; then \
	  { [ -x $(BIN)/python ] || uv venv -q --python '>=3.11' $(VENV); } && \
	  uv pip install -q --python $(BIN)/python -e . $(EXTRAS); \
	else \
	  { [ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; } && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --upgrade "pip>=25.1" && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check -e . $(EXTRAS); \
	fi
	@touch $(RUN) $@

$(PEER): pyproject.toml | $(DEV)
	@echo "Installing the peer of the benchmarks into $(@D) (once) ..."
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install -q --python $(BIN)/python --target $(@D) --group bench; \
	else \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --target $(@D) --upgrade --group bench; \
	fi
	@touch $@
