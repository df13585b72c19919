# Two commands on a fresh machine with Python 3.11 to 3.13: `make demo` and `make test`.
# Which registry serves the packages, and which build of torch, is the configuration of pip on your machine.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt

.PHONY: help demo test test-all lint bench clean

help:
	@echo "make demo      build .venv, run the study 'quickstart' on embedded sounds, print where the report is"
	@echo "make test      build .venv with the test tools, run everything that CI runs"
	@echo "make test-all  the same with new random examples, and the slow tests"
	@echo "make bench     time our kernels beside their peers"
	@echo "make clean     remove .venv and caches; stores and reports stay"

demo: .venv/.installed
	@$(BIN)/trichord run quickstart --confirm

test: lint
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup

test-all: lint
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup -m "slow or not slow" --hypothesis-profile new-examples

lint: .venv/.test-tools
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/.peers
	@$(BIN)/trichord bench

# Lava declares older versions of Python and numpy than it runs on, so it is installed without its declarations.
.venv/.installed: pyproject.toml constraints.txt
	@echo "Building .venv ..."
	@$(PYTHON) -m venv .venv
	@$(PIP) install --quiet --upgrade "pip>=25.1"
	@$(INSTALL) torch
	@$(INSTALL) --editable .
	@$(INSTALL) --no-deps --ignore-requires-python lava-nc
	@touch $@

.venv/.test-tools: .venv/.installed
	@echo "Installing the test tools ..."
	@$(INSTALL) --group test
	@touch $@

.venv/.peers: .venv/.test-tools
	@echo "Installing the peers ..."
	@$(INSTALL) --group peers
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
