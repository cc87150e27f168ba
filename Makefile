# Every target sets up what it needs by itself: a virtual environment with pinned packages, made
# again when pyproject.toml or constraints.txt changes.

PYTHON ?= python3
VENV ?= .venv
# Arguments of the demo, such as: make demo DEMO='--taste "red fish" --rounds 5'
DEMO ?=

BIN := $(VENV)/bin
PINS := $(shell cat pyproject.toml constraints.txt | cksum | cut -d ' ' -f 1)
READY := $(VENV)/.ready-$(PINS)
LAB_READY := $(VENV)/.ready-lab-$(PINS)
# The tests run in several processes, one thread each: more would only fight over the cores.
TEST_ENVIRONMENT := OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false

.PHONY: help demo test lint format lab clean

help:  ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 10

demo: $(READY)  ## Let a simulated person vote for three rounds; writes out/demo.png and out/demo.html.
	$(BIN)/python -m fabric_widget demo $(DEMO)

test: lint  ## Run every check: ruff, mypy, pytest.
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest -n auto

lint: $(READY)  ## Check style, format and types.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(READY)  ## Put the code into the project's format.
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

lab: $(LAB_READY)  ## Open the first notebook in JupyterLab.
	$(BIN)/jupyter lab notebooks/first-steps.ipynb

clean:  ## Remove the environment, caches and outputs.
	rm -rf $(VENV) out dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): EXTRAS := dev
$(LAB_READY): EXTRAS := dev,notebook
$(READY) $(LAB_READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "fabric_widget needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  echo "Python lacks its venv module; trying to install it with apt." >&2; \
	  apt-get update -qq && apt-get install -y -qq python3-venv || { \
	    echo "Install it (Debian, Ubuntu: apt install python3-venv) and try again." >&2; exit 1; }; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@find $(VENV) -maxdepth 1 -name '.ready-*' ! -name '*-$(PINS)' -delete
	@touch $@
