# make env   build .venv from the lock          make run    the whole pipeline on the bundled samples
# make test  the tests                          make check  format, lint, types, layers, tests
# make bench measure it beside the naive way    make lock   resolve the lock anew
# make demo-sources   every source from its samples, and where they agree
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
PACKAGES := sotaduck extract transform expectations warehouse flows cli

.PHONY: env run test check fix bench demo-sources lock samples clean

env: $(STAMP)

# uv installs the locked, hashed set in seconds; where it cannot be had, pip does the same in a minute or two.
$(STAMP): requirements.lock requirements-bootstrap.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "sotaduck needs Python 3.11 or later; this is $$($(PYTHON) --version). Say: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked environment into $(VENV) …"
	@if $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock \
	    && UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip sync -q -p $(BIN)/python --require-hashes --compile-bytecode requirements.lock; then :; \
	  else echo "uv could not do it; pip takes over (slower)" && \
	    $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock; fi
	@if test -x $(BIN)/pip; then $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	  else UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install -q -p $(BIN)/python --no-deps --no-build-isolation -e .; fi
	@touch $(STAMP)

run: env
	@$(BIN)/sotaduck refresh

test: env
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory test

fix: env
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: env
	$(BIN)/python -m benchmarks

# Every source, from the samples: what one says of the others is in the view `agreement`.
demo-sources: env
	@rm -rf demo && mkdir demo
	@cd demo && for kind in warc pwc-html pwc-dump opencodepapers nlp-progress codesota arxiv; do \
	  folder=$$kind; test $$kind != warc || folder=archive; \
	  ../$(BIN)/sotaduck ingest $$kind ../samples/$$folder --brief || exit $$?; done
	@cd demo && ../$(BIN)/sotaduck sql 'from agreement'

samples: env
	$(BIN)/python -m samples.make_archive

# The lock names no package index. The bounds of pyproject.toml keep versions together that work together.
lock: env
	$(BIN)/python -m pip install -q --require-hashes -r requirements-bootstrap.lock
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade -o requirements.lock

clean:
	rm -rf $(VENV) warehouse.duckdb* archive data-docs demo
