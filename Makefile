# One door to everything: `make help` lists the targets.
# Settings: PYTHON (3.11 or newer), TORCH_INDEX (an extra package index that has a build of torch).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help venv test slow fuzz lint types settings openapi docs format run demo cifar coverage benchmarks screenshots clean

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
TORCH_INDEX ?=
HOST ?= 127.0.0.1
PORT ?= 8000
EXAMPLES ?= 200

BIN := .venv/bin
STAMP := .venv/.installed
PYTEST := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n auto --dist loadfile
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check \
	--constraint constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(STAMP) ## Make .venv with every package, pinned by constraints.txt (once)
	@echo "The environment is ready in .venv."

$(STAMP): pyproject.toml constraints.txt
	@[ -n "$(PYTHON)" ] || { echo "No Python 3.11 or newer was found; name one: make PYTHON=…"; exit 1; }
	@echo "[1/3] Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@echo "[2/3] Installing torch"
	@$(PIP) "torch==2.13.0+cpu" 2>/dev/null || { \
		echo "      No CPU build of torch 2.13.0 is offered here: taking the plain build (large)."; \
		$(PIP) torch; }
	@echo "[3/3] Installing the other packages (a minute or two)"
	@$(PIP) --editable ".[service,train,timm,docs,dev]"
	@$(PIP) --editable ".[cluster]" || echo "      Ray could not be installed: its tests will be skipped."
	@touch $@

test: $(STAMP) ## Run the tests, but for the slow ones
	@$(PYTEST) -m "not slow"

slow: $(STAMP) ## Run the slow tests: kills and clusters for real, every example of the handbook
	@$(PYTEST) -m slow

fuzz: $(STAMP) ## Send a service what schemathesis makes of its description: make fuzz EXAMPLES=200
	@EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -q -n0 tests/service/api/test_schemathesis.py

lint: $(STAMP) ## Check style, security, formatting, import contracts and the pinned packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.audit constraints.txt

types: $(STAMP) ## Check types (mypy --strict)
	@$(BIN)/mypy

settings: $(STAMP) ## Bring docs/settings.md up to date with the code
	@$(BIN)/python -m service.settings_page

openapi: $(STAMP) ## Bring docs/openapi.json up to date with the code
	@$(BIN)/python -m service.openapi_file

docs: $(STAMP) ## Build the handbook into build/docs; warnings and dead links end it
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@$(BIN)/python -m handbook.links build/docs

format: $(STAMP) ## Format the code and apply the safe fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

run: $(STAMP) ## Serve on HOST:PORT (127.0.0.1:8000) with the embedded defaults; /docs shows the API
	@$(BIN)/student-search serve --host $(HOST) --port $(PORT)

demo: $(STAMP) ## The whole job on scikit-learn's digits, in under three minutes
	@$(BIN)/python -m benchmarks.demo

cifar: $(STAMP) ## The same on CIFAR-10: make cifar DATA=<archive or folder> TEACHER=<safetensors>
	@[ -n "$(DATA)" ] && [ -n "$(TEACHER)" ] || { echo "Say where the images and the teacher are: make cifar DATA=… TEACHER=…"; exit 1; }
	@$(BIN)/python -m benchmarks.cifar "$(DATA)" "$(TEACHER)" $(ARGS)

coverage: $(STAMP) ## Split, shrink and run every classifier of the list (hours): docs/coverage.md
	@$(BIN)/python -m benchmarks.coverage --exported $(ARGS)

benchmarks: $(STAMP) ## Every published number: make benchmarks DATA=… TEACHER=… (see benchmarks/)
	@[ -n "$(DATA)" ] && [ -n "$(TEACHER)" ] || { echo "Say where the images and the teacher are: make benchmarks DATA=… TEACHER=…"; exit 1; }
	@$(BIN)/python -m benchmarks.startup
	@$(BIN)/python -m benchmarks.download
	@$(BIN)/python -m benchmarks.load
	@$(BIN)/python -m benchmarks.ledger
	@$(BIN)/python -m benchmarks.kills --database sqlite
	@$(BIN)/python -m benchmarks.kills --database postgresql
	@$(BIN)/python -m benchmarks.selection
	@$(BIN)/python -m benchmarks.strategies
	@$(BIN)/python -m benchmarks.library_time "$(DATA)" "$(TEACHER)"
	@$(BIN)/python -m benchmarks.closed_form "$(DATA)" "$(TEACHER)"
	@$(BIN)/python -m benchmarks.closed_form_families
	@$(BIN)/python -m benchmarks.refined "$(DATA)" "$(TEACHER)"
	@$(BIN)/python -m benchmarks.refinement "$(DATA)" "$(TEACHER)"
	@$(BIN)/python -m benchmarks.data_free "$(DATA)" "$(TEACHER)"
	@$(BIN)/python -m benchmarks.paper_tables "$(DATA)" "$(TEACHER)"
	@$(BIN)/python -m benchmarks.figures "$(DATA)" "$(TEACHER)"
	@$(BIN)/python -m benchmarks.prediction "$(DATA)" "$(TEACHER)" --picture
	@$(BIN)/python -m benchmarks.prediction "$(DATA)" "$(TEACHER)" --seed 1
	@$(BIN)/python -m benchmarks.imagenet_memory
	@$(BIN)/python -m benchmarks.widths_speed

screenshots: $(STAMP) ## Take docs/screenshots again (ten minutes the first time; needs chromium)
	@$(BIN)/python -m benchmarks.screenshots

clean: ## Remove .venv, caches and build outputs; var/ (your data) stays
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
