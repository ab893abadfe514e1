# make lab    sets this machine up and opens JupyterLab with the assistant
# make test   sets this machine up and runs the checks and tests (CI runs the same)
# make check  the quick part of it: lint, types, layers
# make test-helper   only the tests of the helper inside kernels of ipykernel 7 and 6 (3 minutes)
# make soak   the thousands of trials, whose result is committed
# make fresh  the newcomer's way in a fresh clone, with its seconds and megabytes
# A bare Debian with python3, make and apt as root is enough; a second call is quick.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
PORT ?= 8888
LAB_ARGS ?=
PYTEST_ARGS ?=
# Most tests wait for kernels and servers: four at once need half the time of one after the other, also on two cores.
WORKERS ?= 4
BROWSERS ?= 2

.PHONY: lab test check check-python check-typescript test-python test-typescript test-ui test-helper bench soak fresh clean

lab: .make/lab
	jupyter lab --port=$(PORT) $(LAB_ARGS)

test: .make/test .make/helper .make/client check test-typescript test-python test-ui

check: .make/test check-python check-typescript

check-python:
	ruff check .
	ruff format --check .
	mypy
	lint-imports

check-typescript:
	cd labextension && npm run --silent lint && npm run --silent typecheck

test-typescript:
	cd labextension && npm test --silent

test-python: .make/helper .make/client
	pytest -m "not ui and not soak" -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

test-helper: .make/helper
	pytest -m "helper and not soak" $(PYTEST_ARGS)

test-ui:
	pytest -m ui --reruns 1 -r aR -n $(BROWSERS) --dist loadfile $(PYTEST_ARGS)

bench: .make/test
	python -m benchmarks

soak: .make/helper
	pytest -m soak $(PYTEST_ARGS)

fresh: .make/test
	python -m tests.fresh_machine

clean:
	rm -rf .make $(VENV) $(VENV)-ipykernel6 $(VENV)-climateclaw build dist labextension/node_modules labextension/lib jupyter_frevagpt/labextension

# ---- setting up: each file says that a step is done, and is older than what the step depends on when it is not

SOURCES := $(shell find labextension/src labextension/style labextension/schema -type f 2>/dev/null)
BUILD_INPUTS := pyproject.toml labextension/hatch_build.py labextension/package.json labextension/package-lock.json

.make/venv:
	@mkdir -p .make
	@.ci/setup venv $(PYTHON) $(VENV)
	@touch $@

.make/node: .make/venv
	@.ci/setup node $(VENV)
	@touch $@

.make/lab: .make/venv .make/node $(BUILD_INPUTS) $(SOURCES)
	@.ci/setup package '.[local]'
	@.ci/setup weights
	@touch $@

.make/test: .make/venv .make/node $(BUILD_INPUTS) $(SOURCES)
	@.ci/setup npm
	@.ci/setup package '.[local,test,dev]'
	@.ci/setup freva
	@.ci/setup weights
	@.ci/setup chromium
	@touch $@

.make/helper: .make/test
	@.ci/setup ipykernel6 $(PYTHON) $(VENV)-ipykernel6
	@touch $@

.make/client: .make/venv
	@.ci/setup climateclaw $(PYTHON) $(VENV)-climateclaw
	@touch $@
