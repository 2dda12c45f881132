# Each target installs what it needs first, so that every one of them works on a fresh clone. `make help` lists them.
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
# Quotes a text for the shell, so that it stays one argument whatever characters it has.
quoted = '$(subst ','\'',$(1))'
REPLAY_ARGS = --events $(EVENTS) --rate $(RATE) --seed $(SEED) --format $(FORMAT) --parallelism $(PARALLELISM) \
  $(if $(INPUT),--input $(call quoted,$(INPUT))) $(if $(ATTACKS),--attacks $(ATTACKS)) $(if $(SPEED),--speed $(SPEED)) $(if $(SHIFT_TO_NOW),--shift-to-now) \
  $(if $(GEOIP_CITY),--geoip-city $(call quoted,$(GEOIP_CITY))) $(if $(MODE),--execution-mode $(MODE)) --started-ns $(STARTED)

# make backtest INPUT=lake RULES=deploy/rules FROM=2026-11-01 TO=2026-11-08 LABELS=truth.jsonl CHALLENGE_RATE=0.001
RULES ?= deploy/rules
TOP ?= 20
BACKTEST_ARGS = --rules $(call quoted,$(RULES)) --top $(TOP) $(if $(INPUT),--input $(call quoted,$(INPUT))) \
  $(if $(FROM),--from $(FROM)) $(if $(TO),--to $(TO)) $(if $(LABELS),--labels $(call quoted,$(LABELS))) \
  $(if $(CHALLENGE_RATE),--challenge-rate $(CHALLENGE_RATE)) $(if $(GEOIP_CITY),--geoip-city $(call quoted,$(GEOIP_CITY))) \
  $(if $(GEOIP_ASN),--geoip-asn $(call quoted,$(GEOIP_ASN))) $(if $(SHOW_CLIENTS),--show-clients)

# make training-set LAKE=lake ANCHORS=anchors.csv OUT=set.parquet NAMES=browser__listing_views__1h PART=3/16
TRAINING_ARGS = --lake $(call quoted,$(LAKE)) --anchors $(call quoted,$(ANCHORS)) --out $(call quoted,$(OUT)) \
  $(if $(FEATURES),--features $(call quoted,$(FEATURES))) $(if $(NAMES),--names $(call quoted,$(NAMES))) \
  $(if $(PART),--part $(call quoted,$(PART)))
# make compare-features LAKE=lake EVERY=1h
COMPARE_ARGS = --lake $(call quoted,$(LAKE)) $(if $(URL),--url $(call quoted,$(URL))) $(if $(EVERY),--every $(EVERY)) \
  $(if $(FEATURES),--features $(call quoted,$(FEATURES)))

# The tests that need no cluster, broker, Redis, database, JVM or other process, with fewer examples for each property.
# To import the tests of the AWS stacks starts Node.
FAST := --hypothesis-profile=fast -m 'not integration and not servers and not slow' \
  --ignore=tests/integration --ignore=tests/deploy/cdk

.PHONY: help setup package replay backtest training-set compare-features models up down test test-fast check audit format bench \
  schemas clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

setup: $(STAMP) ## install the Python packages into .venv

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed; name one with PYTHON=..." >&2; exit 2; }
	@for tool in java mvn npm; do command -v $$tool >/dev/null || { echo "$$tool is needed and was not found" >&2; exit 2; }; done
	@echo "installing the Python packages into $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[job,lookup,producers,local,lake,training,models,olap,dashboards,msk,infra,dev]'
	@touch $@

replay: setup ## run the whole pipeline on generated events or a log, and check that nothing is lost (see README.md)
	@$(PY) -m assurance.end_to_end $(REPLAY_ARGS)

backtest: setup ## try rules of account security on recorded events (see docs/reference/account_security.md)
	@$(PY) -m assurance.backtest $(BACKTEST_ARGS)

models: setup ## train the shipped models on generated streams (see docs/reference/models.md)
	@$(PY) -m local_stack setup
	@$(PY) -m training.models.train

training-set: setup ## write features as they were at the times of ANCHORS, from a LAKE, to OUT (see docs/reference/features_offline.md)
	@$(PY) -m training.training_set $(TRAINING_ARGS)

compare-features: setup ## compare the features that are served with those that SQL computes of a LAKE; standing with EVERY=1h
	@$(PY) -m training.compare $(COMPARE_ARGS)

up: setup ## start everything with the job, until Ctrl-C or make down
	@$(PY) -m local_stack up

down: setup ## stop what make up started
	@$(PY) -m local_stack down

package: setup ## build the enrichment job's archive for the managed service; another job's with JOB=behaviour, features or lake
	@$(PY) -m deploy.build $(if $(JOB),--job $(JOB))

check: setup ## check style, types, schemas and dependencies; needs no network and starts nothing
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m contracts.publishing.json_schemas --check
	$(PY) -m contracts.publishing.asyncapi --check
	$(PY) -m contracts.publishing.topic_table --check
	$(PY) -m deploy.features.document --check
	$(PY) -m contracts.publishing.compatibility
	$(PY) -m pip check
	$(PY) -m deptry .
	$(VENV)/bin/lint-imports

test-fast: setup ## run the tests that need no cluster and no server, in less than a minute
	$(PY) -m pytest -q $(FAST)

test: check ## run the checks and all tests, with real Kafka, Redis, Flink and lookup service
	$(PY) -m local_stack setup
	$(PY) -m pytest

audit: setup ## ask an advisory service about the pinned packages; needs the network
	$(PY) -m venv build/audit
	build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	build/audit/bin/python -m pip_audit --requirement constraints.txt --no-deps --disable-pip

format: setup ## correct what ruff can correct
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

schemas: setup ## write the JSON Schemas, the AsyncAPI document and the tables of topics and features
	$(PY) -m contracts.publishing.json_schemas
	$(PY) -m contracts.publishing.asyncapi
	$(PY) -m contracts.publishing.topic_table
	$(PY) -m deploy.features.document

bench: setup ## measure throughput, latency and lookups
	$(PY) -m assurance.bench

clean: ## remove everything that the targets made
	rm -rf build $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
