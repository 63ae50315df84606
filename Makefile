# Every target works from a fresh clone: .venv is built from the locked requirements when they change.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# On two cores, a file at a time: what a module sets up is set up once. Long files come first, so that
# both cores end together (a third process gains nothing). The tests of the pace measure time from the
# servers' side, so they have the machine to themselves.
ALONE  := tests/workers/test_pace.py
LONG   := tests/workers tests/chaos tests/pipeline/backfill tests/pipeline/cli
BOTH   := -n 2 --dist loadfile --no-loadscope-reorder --ignore=$(ALONE) $(LONG) tests
# Programs to measure newsloom beside live in a place of their own.
PEERS  := .venv-bench

.DEFAULT_GOAL := help
.PHONY: help install demo run test test-all chaos test-site check quality bench bench-backfill bench-polling bench-transports lock clean

help:  ## say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# The lock file is a constraint as well: pip resolves the extras that packages ask of each other by
# constraints alone, and would take the newest release for them, which has no hash here.
$(READY): requirements.lock requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock -c requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

install: $(READY)  ## build .venv from the locked requirements

demo: $(READY)  ## run the whole line on the recorded web, offline, and compare with the golden documents
	$(BIN)/newsloom demo

run: $(READY)  ## one round over your own sources (see `newsloom init`)
	$(BIN)/newsloom run --once

check: $(READY)  ## ruff, format, mypy strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: $(READY)  ## what CI runs: check, quality floors, the tests
	$(MAKE) -j 2 check quality
	$(BIN)/python -m pytest $(BOTH) -m "not slow and not chaos and not site"
	$(BIN)/python -m pytest $(ALONE) -m "not slow and not chaos and not site"

test-all: $(READY)  ## everything in test, and what is slow or needs node or docker-compose
	$(MAKE) -j 2 check quality
	$(BIN)/python -m pytest $(BOTH) -m "not chaos and not site"
	$(BIN)/python -m pytest $(ALONE) -m "not chaos and not site"

chaos: $(READY)  ## kill, pause, fill, flood and shift everything while a thousand entries go through (twenty minutes)
	@ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || { echo "libfaketime is missing: apt-get install libfaketime" >&2; exit 2; }
	$(BIN)/python -m pytest tests/chaos -m chaos

test-site: $(READY)  ## a real downstream site: jekyll, ruby and chromium (apt install them first)
	$(BIN)/python -m pytest tests/site -m site

quality: $(READY)  ## quality floors on the project's own pages and stories
	$(BIN)/python -m pytest tests/quality

bench: $(READY)  ## what each part costs: the line (50 times), feeds, unchanged stories, pace, queue, clustering
	$(BIN)/python -m tests.bench.line
	$(BIN)/python -m tests.bench.feeds
	$(BIN)/python -m tests.bench.tree
	$(BIN)/python -m tests.bench.pace
	$(BIN)/python -m tests.bench.queue
	$(BIN)/python -m tests.bench.bulk
	$(BIN)/python -m tests.bench.clusters --live 1000 10000
	$(BIN)/python -m tests.bench.clustering_stage --live 1000 10000

$(PEERS)/.ready: requirements-bench.lock
	$(PYTHON) -m venv --clear $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock -c requirements-bench.lock
	@touch $(PEERS)/.ready

bench-backfill: $(READY)  ## whether live news waits beside a backfill of 100,000 entries (eight minutes)
	$(BIN)/python -m tests.bench.backfill_delay

bench-polling: $(READY) $(PEERS)/.ready  ## 1,000 feeds, cold and warm, beside reader and newsboat (ten minutes)
	@command -v newsboat >/dev/null || { echo "newsboat is missing: apt-get install newsboat" >&2; exit 2; }
	$(BIN)/python -m tests.bench.polling --python $(PEERS)/bin/python

bench-transports: $(READY) $(PEERS)/.ready  ## CPU for each request: our transport, httpx, aiohttp
	$(BIN)/python -m tests.bench.transports --peers "$$($(PEERS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

lock: $(READY)  ## renew the lock files from pyproject.toml (hashes, no index addresses)
	$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate --upgrade pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate --constraint requirements.lock --extra embeddings pyproject.toml -o requirements-embeddings.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate --constraint requirements-embeddings.lock --extra embeddings --extra redbeat --group dev pyproject.toml \
	  -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate --constraint requirements.lock --group bench -o requirements-bench.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate --constraint requirements-dev.lock --group build -o requirements-build.lock

clean:  ## remove what make built
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
