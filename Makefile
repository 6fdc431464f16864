# Every target makes what it needs; the first one makes .venv, once, from requirements.lock.
PYTHON ?= python3
BIN := .venv/bin
MODEL ?=
BASE ?= origin/main
REPORT ?= reports/conform
ARGS ?=
# The profiles of what is generated, or tried; and the folder of clients with them.
PROFILES ?=
OUTPUT ?=
# Many tests wait for a server: one more than there are processors.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)
# What the shell takes as one word, whatever stands in it.
quoted = '$(subst ','\'',$(1))'

.PHONY: help conform mock servers server-results clients-matrix generate diff lint check test slow explorations live-faults growth profiles mutants nightly gate freeze release-check bench bench-suites bench-fleet docs lock build clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

conform: .venv ## judge a server: make conform URL=http://host:8000 MODEL=name REPORT=dir ARGS='--strict'; without URL, the mock
	@$(BIN)/alphaedge-conform $(if $(URL),$(call quoted,$(URL))) $(if $(MODEL),--model $(call quoted,$(MODEL))) \
	  --report $(call quoted,$(REPORT)) $(ARGS)

mock: .venv ## serve the contract: make mock ARGS='--port 8000 --key secret'
	@$(BIN)/python -m alphaedge_conformance.mock $(ARGS)

servers: .venv ## judge a real server: make servers TARGET=llm-katan RUNS=2; without TARGET, all that are not heavy
	@$(BIN)/python scripts/servers.py $(if $(RUNS),--runs $(RUNS)) $(TARGET) $(ARGS)

server-results: .venv ## write docs/servers.md; make server-results TARGET=all judges every server again, twice
	@$(BIN)/python scripts/server_results.py $(if $(TARGET),--record $(TARGET))

clients-matrix: .venv ## what named clients make of departures, into docs/clients.md (minutes); ARGS=--record records these anew
	@$(BIN)/python scripts/clients_matrix.py $(ARGS)

generate: .venv ## write generated/ from openapi.yaml, the TypeScript package where Node is; the schemas of reports. Clients with profiles: make generate PROFILES="tools sampling" OUTPUT=clients
	@$(BIN)/python scripts/generate.py $(foreach each,$(PROFILES),--profile $(call quoted,$(each))) \
	  $(if $(OUTPUT),--output $(call quoted,$(OUTPUT)))
	@$(if $(PROFILES),:,$(BIN)/python scripts/schemas.py)

diff: .venv ## what openapi.yaml changes, and what that breaks: make diff BASE=origin/main ARGS=--json
	@$(BIN)/alphaedge-contract diff $(call quoted,$(BASE):openapi.yaml) openapi.yaml $(ARGS)

lint: .venv ## openapi.yaml is in order: valid, described, with examples that fit, each requirement with its check
	@$(BIN)/alphaedge-contract lint $(ARGS)

check: .venv ## generated/ is up to date, the code is formatted, typed and linted, what CI reads is valid
	@$(BIN)/python scripts/generate.py --check
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/ruff format --no-cache --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest --quiet tests/test_layout.py
	@$(BIN)/zizmor --offline --no-progress --quiet --persona pedantic .github action.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms \
	  $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	@# Of a hidden job, the schema admits anything.
	@sed 's/^\.//' ci/gitlab.yml | $(BIN)/check-jsonschema --default-filetype yaml --builtin-schema vendor.gitlab-ci -

test: .venv ## the tests of the kit itself, without the slow ones
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadgroup --quiet $(ARGS)

slow: .venv ## the tests that make test leaves out: every page, and what takes long (minutes)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadgroup --quiet -m slow $(ARGS)

explorations: .venv ## ten faults that the plan cannot see, found by drawn requests (minutes)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --quiet tests/run/exploration.py $(ARGS)

live-faults: .venv ## every fault of the mock that an application's traffic shows, found in it (minutes)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadgroup --quiet tests/live/every_fault.py $(ARGS)

growth: .venv ## every edit of the contract that tests/contract/edits.py lists, alone and in pairs (minutes)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --quiet tests/contract/growth.py $(ARGS)

profiles: .venv ## every fault and every unusual server of each profile, at thorough effort (minutes): make profiles PROFILES=tools
	@for each in $(or $(PROFILES),$(basename $(basename $(notdir $(wildcard profiles/*.overlay.yaml))))); do \
	  $(BIN)/python -m alphaedge_conformance.maintain.kill_matrix --profile $$each --report reports/mutants/$$each || exit 1; done

mutants: .venv ## the kill matrix: every fault of the mock breaks exactly what it says (minutes)
	@$(BIN)/python -m alphaedge_conformance.maintain.kill_matrix --report reports/mutants $(ARGS)

nightly: test slow explorations live-faults growth profiles mutants ## all that is tested, as CI does every night

gate: .venv ## what a change has to pass: make gate URL=http://host:8000 BASE=origin/main
	@$(BIN)/python scripts/gate.py --base $(call quoted,$(BASE)) --url $(call quoted,$(URL)) $(ARGS)

freeze: .venv ## keep the requirements of this version of the contract in requirements/
	@$(BIN)/python scripts/release.py freeze

release-check: .venv ## whether this state can be released
	@$(BIN)/python scripts/release.py check --base $(call quoted,$(BASE))

bench: .venv ## the suite beside the Schemathesis command line, in speed and in ten faults; the client beside httpx and the openai SDK (minutes)
	@$(BIN)/python -m bench.suite $(ARGS)
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.page
	@$(BIN)/python -m bench.live
	@$(BIN)/python -m bench.faults --sample 10

bench-suites: .venv ## conformance suites on all wrong servers of the mock: make bench-suites ARGS='--sample 20'; without, hours
	@$(BIN)/python -m bench.faults $(ARGS)

bench-fleet: .venv ## 1,000 targets at 200 ms behind 50 lanes, beside single runs (minutes)
	@$(BIN)/python -m bench.fleet $(ARGS)

docs: .venv ## the site, into site/: open site/index.html
	@rm -rf site
	@$(BIN)/python -m sphinx -W --keep-going -q -E -b html docs site

lock: .venv ## write requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --extra conformance --extra fleet --group build --universal --python-version 3.11 \
	  --generate-hashes --no-header --upgrade --quiet --output-file requirements.lock
	@$(BIN)/uv pip compile bench/requirements.in --universal --python-version 3.11 \
	  --generate-hashes --no-header --upgrade --quiet --output-file bench/requirements.lock

build: .venv ## the wheel and the sdist, and the npm package where Node is, into dist/
	@$(BIN)/python -m hatchling build
	@$(BIN)/python scripts/typescript_package.py dist

clean: ## remove what the targets made
	rm -rf .venv .bench .servers .node dist site reports scripts/typescript/node_modules generated/typescript/dist

# The stamp is written last, so that an installation that was interrupted is made again.
.venv: .venv/installed
.venv/installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: no $(PYTHON) found; install Python 3.11 or newer, or name one with PYTHON=" >&2; exit 4; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: $$($(PYTHON) --version) is too old; install Python 3.11 or newer, or name one with PYTHON=" >&2; exit 4; }
	@echo "make: installing into .venv, once"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
