# Every target sets up what it needs by itself: a virtual environment and, for the front end's
# checks, its Node packages. Both are pinned, and made again when their pins change.

PYTHON ?= python3
NODE ?= node
NPM ?= npm
VENV ?= .venv
# Arguments of the demo, such as: make demo DEMO='--taste "red fish" --rounds 5'
DEMO ?=
# Arguments of the measurement, such as: make bench BENCH='demo --references 0 1 8'
BENCH ?=
# Arguments of the checks on a GPU, such as: make gpu GPU='--smoke --out out/h100'
GPU ?=
# Notebooks to run; all of them by default: make notebooks NOTEBOOKS=notebooks/01_quickstart.ipynb
NOTEBOOKS ?=

BIN := $(VENV)/bin
# Notebooks are tested with an older kernel as well; it lies beside the packages of the environment.
OLD_KERNEL := tests/browser/hosts/ipykernel-6.txt
PINS := $(shell cat pyproject.toml constraints.txt $(OLD_KERNEL) | cksum | cut -d ' ' -f 1)
READY := $(VENV)/.ready-$(PINS)
JS_PINS := $(shell cat package.json package-lock.json | cksum | cut -d ' ' -f 1)
JS_READY := node_modules/.ready-$(JS_PINS)
QUIET_PIP := -m pip install --quiet --disable-pip-version-check --no-warn-script-location
QUIET_NPM := $(NPM) --silent
# The tests run in several processes, one thread each: more would only fight over the cores. A third
# of the time they wait for browsers and kernels, so there are three processes for two cores; each
# has to import everything once, which takes twenty seconds.
WORKERS ?= $(shell expr \( 3 \* $$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 1) + 1 \) / 2)
TEST_ENVIRONMENT := OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
# The oldest and the newest releases of what the package depends on, each in an environment of its own
# of several GB, with the least that its tests need: the fast laws of engine, session and widget.
VERSIONS ?= oldest newest
VERSIONS_NEED := peft pytest pytest-xdist hypothesis
# ipywidgets before 8.1.5 calls what traitlets has deprecated, and nobody but a test is told.
VERSIONS_QUIET := -W 'ignore:Deprecated in traitlets 4.1:DeprecationWarning'
VERSIONS_TESTS ?= tests/engine tests/session tests/widget
# Material for MkDocs announces on every build that it will not follow MkDocs beyond 1.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs

.PHONY: help demo bench gpu gpu-dry check test soak versions film lint format js lab notebooks
.PHONY: docs docs-serve clean chromium

help:  ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

demo: $(READY)  ## Let a simulated person vote for three rounds; writes out/demo.png and out/demo.html.
	$(BIN)/python -m fabric_widget demo $(DEMO)

bench: $(READY)  ## Measure what feedback costs; writes out/bench.json and charts.
	$(BIN)/python -m fabric_widget bench $(BENCH)

gpu: $(READY)  ## Check on a GPU, in eight minutes, that all holds; writes out/gpu.json and gpu.html.
	$(BIN)/python -m fabric_widget gpu $(GPU)

gpu-dry: $(READY)  ## Run the same checks on the CPU, with tiny shapes, in two minutes.
	$(BIN)/python -m fabric_widget gpu --dry $(GPU)

check: lint $(JS_READY)  ## Run the inner loop, two minutes: linters, types, the fast laws.
	$(QUIET_NPM) run check
	$(QUIET_NPM) test
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest -n auto -q -m fast

test: lint $(JS_READY) chromium  ## Run every check: ruff, mypy, tsc, the front end's tests, pytest.
	$(QUIET_NPM) run check
	$(QUIET_NPM) run verify
	$(QUIET_NPM) test
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest -n $(WORKERS) --durations=10

soak: $(READY) chromium  ## Run the long tests: every notebook host with every kernel, and others.
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest -n auto -m soak
	$(MAKE) versions

versions:  ## Run fast laws with the oldest and the newest torch, diffusers and transformers.
	@set -e; for age in $(VERSIONS); do \
	  echo "The $$age releases:"; rm -rf out/versions/$$age; \
	  $(PYTHON) -m venv out/versions/$$age; \
	  out/versions/$$age/bin/python $(QUIET_PIP) --constraint tests/versions/$$age.txt \
	    --editable . $(VERSIONS_NEED); \
	  out/versions/$$age/bin/python -m pip freeze --exclude-editable >out/versions/$$age.txt; \
	  $(TEST_ENVIRONMENT) out/versions/$$age/bin/python -m pytest -n auto -q -m fast \
	    $(VERSIONS_QUIET) $(VERSIONS_TESTS); \
	  rm -rf out/versions/$$age; \
	done

film: $(READY) chromium  ## Film the widget in a real JupyterLab; writes out/film.webp.
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest -q -m soak tests/browser/hosts/test_film.py

lint: $(READY)  ## Check style, format, imports and types.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

format: $(READY)  ## Format the code, and bring the page of journeys up to date.
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	$(BIN)/python docs/journeys.py

js: $(JS_READY)  ## Build the front end from js/ into fabric_widget/static.
	$(QUIET_NPM) run build

lab: $(READY)  ## Open the first notebook in JupyterLab.
	$(BIN)/jupyter lab notebooks/01_quickstart.ipynb

notebooks: $(READY)  ## Run the notebooks from top to bottom and save them with their pictures.
	OMP_NUM_THREADS=1 $(BIN)/python notebooks/save.py $(NOTEBOOKS)

docs: $(READY) $(JS_READY)  ## Build the documentation into out/site, to be read without a network.
	$(MKDOCS) build --strict --quiet
	@echo "Open out/site/index.html."

docs-serve: $(READY) $(JS_READY)  ## Show the documentation at localhost:8000 while it is being written.
	$(MKDOCS) serve

clean:  ## Remove the environment, Node packages, caches and outputs.
	rm -rf $(VENV) node_modules out dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The browser tests use the machine's Chromium, the headless shell by preference: it is more than
# twice as fast. Where there is none and it cannot be installed they are skipped, and say so.
chromium:
	@command -v $${FABRIC_CHROMIUM:-chromium-headless-shell} >/dev/null && exit; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the browser tests."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-liberation \
	    >/dev/null && exit; \
	fi; \
	for name in chromium chromium-browser google-chrome; do \
	  command -v $$name >/dev/null && exit; done; \
	echo "Chromium is not there and could not be installed." >&2

$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "fabric_widget needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  echo "Python lacks its venv module; trying to install it with apt." >&2; \
	  apt-get update -qq && apt-get install -y -qq python3-venv || { \
	    echo "Install it (Debian, Ubuntu: apt install python3-venv) and try again." >&2; exit 1; }; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(QUIET_PIP) --constraint constraints.txt --editable '.[dev]'
	@rm -rf $(VENV)/ipykernel-6
	$(BIN)/python $(QUIET_PIP) --no-deps --target $(VENV)/ipykernel-6 --requirement $(OLD_KERNEL)
	@find $(VENV) -maxdepth 1 -name '.ready-*' -delete
	@touch $@

$(JS_READY):
	@$(NODE) -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null || { \
	  echo "The front end's checks need Node 20 or newer; $(NODE) is $$($(NODE) --version 2>&1)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) NODE=/path/to/node NPM=/path/to/npm" >&2; \
	  echo "(Using the package needs no Node: the built front end is part of it.)" >&2; exit 1; }
	$(QUIET_NPM) ci --no-audit --no-fund
	@touch $@
