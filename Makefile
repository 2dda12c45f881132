# Everything sets itself up: `make replay` and `make test` work on a fresh clone.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do $$p -c '$(SUPPORTED)' 2>/dev/null && { echo $$p; break; }; done)

# make replay INPUT=access.log RATE=2000
EVENTS ?= 50000
RATE ?= 0
FORMAT ?= auto
SEED ?= 1
PARALLELISM ?= 1
STARTED := $(shell date +%s%N)
# One word for the shell, whatever the text has in it.
quoted = '$(subst ','\'',$(1))'
REPLAY_ARGS = --events $(EVENTS) --rate $(RATE) --seed $(SEED) --format $(FORMAT) --parallelism $(PARALLELISM) \
  $(if $(INPUT),--input $(call quoted,$(INPUT))) $(if $(SPEED),--speed $(SPEED)) $(if $(SHIFT_TO_NOW),--shift-to-now) \
  $(if $(GEOIP_CITY),--geoip-city $(call quoted,$(GEOIP_CITY))) $(if $(MODE),--execution-mode $(MODE)) --started-ns $(STARTED)

.PHONY: help setup package replay up down test check format bench schemas clean

help:
	@echo "make replay | up | down | package | test | check | format | bench | clean   (see README.md)"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed; name one with PYTHON=..." >&2; exit 2; }
	@for tool in java mvn npm; do command -v $$tool >/dev/null || { echo "$$tool is needed and was not found" >&2; exit 2; }; done
	@echo "installing the Python packages into $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[job,lookup,producers,local,lake,olap,dashboards,msk,infra,dev]'
	@touch $@

replay: setup
	@$(PY) -m assurance.end_to_end $(REPLAY_ARGS)

up: setup
	@$(PY) -m local_stack up

down: setup
	@$(PY) -m local_stack down

package: setup
	@$(PY) -m deploy.build $(if $(JOB),--job $(JOB))

check: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m contracts.publishing.json_schemas --check
	$(PY) -m contracts.publishing.asyncapi --check
	$(PY) -m contracts.publishing.topic_table --check
	$(PY) -m contracts.publishing.compatibility

test: check
	$(PY) -m local_stack setup
	$(PY) -m pytest

format: setup
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

schemas: setup
	$(PY) -m contracts.publishing.json_schemas
	$(PY) -m contracts.publishing.asyncapi
	$(PY) -m contracts.publishing.topic_table

bench: setup
	$(PY) -m assurance.bench

clean:
	rm -rf build $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
