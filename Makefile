# Two commands do all the set-up: `make demo` and `make test`. Everything they install stays in .venv.
PYTHON ?= $(shell command -v python3.11 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
FUZZ_CASES ?= 10000
SOAK_CASES ?= 10000
SOAK_SEED ?= 0
KILLS ?= 200
KILLS_SEED ?= 0
SOAK_SIZES ?= 50
SOAK_ROUNDS ?= 50
SOAK_POINTS ?= 20
SOAK_RUNS ?= 50
SOAK_CALLS ?= 150
SOAK_STATE_SECONDS ?= 1800
SPARK_CASES ?= 1000
SPARK_SEED ?= 0
BENCH_VENV := .venv-bench
INTEROP_VENV := .venv-interop

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick lint types layers unit format fuzz fuzz-diff ci-proof sample schema docs notebook screenshots bench bench-quick interop-proof clean
.PHONY: spark-proof soak soak-files soak-disk soak-pairs soak-signals soak-faults soak-kills soak-calls soak-state

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 16

$(BIN)/python:
	@tools/make_venv.sh $(PYTHON) $(VENV)

# Stamps: the second call of a target installs nothing, unless pyproject.toml has changed since.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "installing callcenter_etl and its dependencies into $(VENV) (once: 60 packages, 0.9 GB, one to three minutes)"
	@$(PIP) install --editable '.[report]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "installing callcenter_etl and its development tools into $(VENV) (once: 180 packages with Spark, 2.5 GB, three to ten minutes)"
	@$(PIP) install --editable '.[dev]'
	@touch $@ $(VENV)/.installed $(VENV)/.installed-docs

$(VENV)/.installed-docs: pyproject.toml | $(BIN)/python
	@echo "installing callcenter_etl and mkdocs into $(VENV) (once: one to three minutes)"
	@$(PIP) install --editable '.[docs]'
	@touch $@

# The benchmarks' peers have an environment of their own: the product needs none of them.
$(BENCH_VENV)/.installed: benchmarks/requirements.txt
	@tools/make_venv.sh $(PYTHON) $(BENCH_VENV)
	@echo "installing the peers of the benchmarks into $(BENCH_VENV) (once)"
	@$(BENCH_VENV)/bin/python -m pip --quiet --disable-pip-version-check install -r $<
	@touch $@

demo: $(VENV)/.installed  ## install, validate the samples in src_files/ and list the output files
	@echo "validating src_files/ under contracts/call_center.yaml into output/demo"
	@status=0; \
	$(BIN)/callcenter-etl validate src_files/call_center_raw_*.csv \
		--contract contracts/call_center.yaml --output output/demo || status=$$?; \
	if [ $$status -gt 1 ]; then echo "make demo: validate failed with exit code $$status" >&2; exit $$status; fi; \
	echo; echo "validate ended with exit code $$status (1 means: there are rejects). It wrote:"; \
	find output/demo -type f ! -name '.*' | sort | sed 's/^/  /'; \
	echo "Next: docs/tutorial.md, or $(BIN)/callcenter-etl --help"

test: lint types layers unit  ## install the development tools; lint, types, layers, all tests (10 to 20 minutes)

# What takes minutes stays out: servers (S3, Spark, Chromium), kills and full disks, tables, the notebook, generated files.
QUICK := tests/unit tests/contract tests/expressions tests/temporal tests/keys tests/cli tests/explain tests/reprocess \
	tests/change/test_diff.py tests/reports/test_github.py tests/reports/test_junit.py tests/reports/test_sarif.py tests/docs/test_links.py \
	tests/test_cases.py tests/test_readme.py
test-quick: lint types $(VENV)/.installed-dev  ## lint, types, and the tests without servers, kills and tables (under two minutes)
	@$(BIN)/python -m pytest -q -n auto --dist loadgroup $(QUICK)

lint: $(VENV)/.installed-dev  ## ruff: rules and format; names, words, sizes and import cycles
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m tools.check_structure

types: $(VENV)/.installed-dev  ## mypy, strict
	@$(BIN)/mypy

layers: $(VENV)/.installed-dev  ## import-linter: imports go downwards only
	@$(BIN)/lint-imports

unit: $(VENV)/.installed-dev  ## pytest
	@$(BIN)/python -m pytest -q -n auto --dist loadgroup

format: $(VENV)/.installed-dev  ## apply ruff's format and automatic fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

fuzz: $(VENV)/.installed-dev  ## compare the product with the slow oracle on FUZZ_CASES generated files
	@$(BIN)/python -m tests.oracle.fuzz --cases $(FUZZ_CASES)

ci-proof: $(VENV)/.installed-dev  ## test the action and the pre-commit hooks as installed from this folder (minutes)
	@$(BIN)/python -m tests.ci.proof

fuzz-diff: $(VENV)/.installed-dev  ## check the diffs of FUZZ_CASES pairs of generated contracts against generated files
	@$(BIN)/python -m tests.change.pairs --cases $(FUZZ_CASES)
	@$(BIN)/python -m tests.change.pairs --cases $(FUZZ_CASES) --groups all

spark-proof: $(VENV)/.installed-dev  ## compare Spark with the local engine on SPARK_CASES generated files (about a second each)
	@$(BIN)/python -m tests.engines.spark.proof --cases $(SPARK_CASES) --seed $(SPARK_SEED)

soak: soak-files soak-disk soak-pairs soak-signals soak-faults soak-kills soak-calls soak-state  ## the long proofs, two hours or more in all; each prints one closing line

soak-files: $(VENV)/.installed-dev  ## throw the corpora and SOAK_CASES mutated files at the product
	@$(BIN)/python -m tests.reliability.fuzz_files --cases $(SOAK_CASES) --seed $(SOAK_SEED)

soak-disk: $(VENV)/.installed-dev  ## fill the disk at SOAK_SIZES random sizes (needs root, for a small tmpfs)
	@$(BIN)/python -m tests.reliability.disk_full --sizes $(SOAK_SIZES) --seed $(SOAK_SEED)

soak-pairs: $(VENV)/.installed-dev  ## start two or three runs together into one output, SOAK_ROUNDS times, local and S3
	@$(BIN)/python -m tests.reliability.pairs --rounds $(SOAK_ROUNDS)

soak-signals: $(VENV)/.installed-dev  ## interrupt at SOAK_POINTS moments a signal, at each request, at 200 lines of publishing
	@$(BIN)/python -m tests.reliability.signals --points $(SOAK_POINTS) --seed $(SOAK_SEED)
	@$(BIN)/python -m tests.reliability.signal_sweep

soak-faults: $(VENV)/.installed-dev  ## run SOAK_RUNS times from S3 to S3 while a fifth of the requests fails
	@$(BIN)/python -m tests.reliability.faults --runs $(SOAK_RUNS) --seed $(SOAK_SEED)

soak-kills: $(VENV)/.installed-dev  ## kill KILLS runs at random points, resume, compare; local outputs, then S3's (half an hour each)
	@$(BIN)/python -m tests.reliability.kill_loop --kills $(KILLS) --seed $(KILLS_SEED) --output local
	@$(BIN)/python -m tests.reliability.kill_loop --kills $(KILLS) --seed $(KILLS_SEED) --output s3

soak-calls: $(VENV)/.installed-dev  ## fail SOAK_CALLS system calls of every kind of run, one in each run (0: all, some hours; needs strace)
	@$(BIN)/python -m tests.reliability.syscall_faults --calls $(SOAK_CALLS) --seed $(SOAK_SEED)

soak-state: $(VENV)/.installed-dev  ## damage parts of outputs for SOAK_STATE_SECONDS and run each command on them; then odd surroundings (10 minutes)
	@$(BIN)/python -m tests.reliability.odd_state --seconds $(SOAK_STATE_SECONDS) --seed $(SOAK_SEED)
	@$(BIN)/python -m tests.reliability.odd_surroundings

sample: $(VENV)/.installed  ## regenerate src_files/ (the same bytes every time)
	@$(BIN)/python tools/make_samples.py

schema: $(VENV)/.installed  ## regenerate contracts/contract.schema.json
	@$(BIN)/callcenter-etl contract schema > contracts/contract.schema.json.new
	@mv contracts/contract.schema.json.new contracts/contract.schema.json

docs: $(VENV)/.installed-docs  ## regenerate the reference pages, and the site in site/ (opens from disk, needs no network)
	@$(BIN)/python -m tools.make_docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html"

notebook: $(VENV)/.installed-dev  ## run docs/tutorial.ipynb and store its outputs
	@$(BIN)/python -m tools.run_notebook

screenshots: $(VENV)/.installed-dev  ## regenerate docs/images/: the report of a sample, light and dark (needs Chromium)
	@$(BIN)/python tools/make_screenshots.py

bench: $(VENV)/.installed $(BENCH_VENV)/.installed  ## every peer and size, and the shapes: benchmarks/results/, docs/performance.md (an hour or two)
	@$(BIN)/python -m benchmarks.run --results benchmarks/results --page docs/performance.md
	@$(BIN)/python -m benchmarks.shapes --results benchmarks/results

bench-quick: $(VENV)/.installed $(BENCH_VENV)/.installed  ## 100,000 records, few peers: output/bench/ (minutes)
	@$(BIN)/python -m benchmarks.run --results output/bench --runs 3 --sizes 1000 100000 --rejects 1 30 \
		--peers duckdb_sql polars_streaming dataframely_filter csv_loop
	@cat output/bench/table.md

# datacontract-cli wants another typer than the product has: it and frictionless have an environment of their own.
$(INTEROP_VENV)/.installed: tools/interop_requirements.txt
	@tools/make_venv.sh $(PYTHON) $(INTEROP_VENV)
	@echo "installing datacontract-cli and frictionless into $(INTEROP_VENV) (once)"
	@$(INTEROP_VENV)/bin/python -m pip --quiet --disable-pip-version-check install -r $<
	@touch $@

interop-proof: $(VENV)/.installed $(INTEROP_VENV)/.installed  ## other tools' verdicts on exported contracts beside ours: docs/interop.md (minutes)
	@$(BIN)/python -m tools.interop_proof $(abspath $(INTEROP_VENV)/bin/python)

clean:  ## remove what make and the tools left, but no output of runs
	@rm -rf $(VENV) $(BENCH_VENV) $(INTEROP_VENV) benchmarks/.cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist site
