# Two commands do everything: `make run` (set up and run the main job) and `make test` (set up and pass the tests).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
# Processes that share a whole run of the tests; each takes whole files, so that what a file prepares is made once.
WORKERS ?= 2

.PHONY: run test test-cluster test-faults check services stop-services lock clean

run: $(VENV)/.run  ## harvest, index and serve on http://127.0.0.1:8000
	$(BIN)/kaijuan up $(ARGS)

test: $(VENV)/.test  ## all tests, or ARGS=path; those that need a missing service skip with the reason
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),-n $(WORKERS) --dist loadfile)

test-cluster: $(VENV)/.test  ## the contract of the engines, then the faults, against real servers that it starts
	set -e; services=$$(.ci/services start); eval "$$services"; \
	$(BIN)/python -m pytest tests/contract
	$(MAKE) test-faults

test-faults: $(VENV)/.test  ## kill servers and processes of a cluster of our own; needs the machine to itself
	set -e; programs=$$(.ci/services env); eval "$$programs"; \
	KAIJUAN_TEST_FAULTS=1 $(BIN)/python -m pytest -v -p no:randomly $(if $(ARGS),$(ARGS),tests/cluster)

check: $(VENV)/.test  ## lint, types, import direction
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

services:  ## start PostgreSQL and Elasticsearch for tests; prints export lines
	@.ci/services start

stop-services:  ## stop what `make services` started
	@.ci/services stop

lock:  ## renew the locks after a change of dependencies (needs uv)
	uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --generate-hashes pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --generate-hashes --extra test -c requirements.lock pyproject.toml -o requirements-test.lock
	printf 'hatchling\nsetuptools\n' | uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --generate-hashes -c requirements-test.lock - -o requirements-build.lock

$(VENV)/.run: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.test: requirements-test.lock $(VENV)/.run
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-test.lock
	touch $@

clean:  ## remove the environment; data stay where they are
	rm -rf $(VENV)
