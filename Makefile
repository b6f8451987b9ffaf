# Every Python below writes byte code: without it Airflow starts three times slower.
unexport PYTHONDONTWRITEBYTECODE
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .venv/bin/uv
CODEPIPELINE := .venv/bin/codepipeline

.PHONY: install demo test lint bench hammer lock clean

install: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 …")'
	@test -x $(UV) || { echo "Making .venv"; $(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	@echo "Installing what requirements.lock pins"
	@$(UV) pip install --quiet --python .venv/bin/python --require-hashes --compile-bytecode --requirement requirements.lock
	@$(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: install
	@$(CODEPIPELINE) demo

# Two processes, for most tests wait for a real Airflow; a file's tests share what they start.
test: install
	.venv/bin/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(CODEPIPELINE) validate include/pipelines

bench: install .local/bench-venv/.installed
	@.venv/bin/python -m benchmarks $(ARGS)

.local/bench-venv/.installed: benchmarks/requirements.lock .venv/.installed
	@echo "Installing what benchmarks/requirements.lock pins"
	@$(UV) venv --quiet --no-project --clear --python .venv/bin/python .local/bench-venv
	@$(UV) pip install --quiet --python .local/bench-venv/bin/python --require-hashes --compile-bytecode --requirement $<
	@touch $@

# Many executions and kills on a real Airflow with PostgreSQL: make hammer ARGS="--minutes 10 --kills 10"
hammer: install
	PYTHONPATH=tests .venv/bin/python -m hammer $(ARGS)

lock:
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group dev pyproject.toml --output-file requirements.lock

clean:
	-$(CODEPIPELINE) aws down
	rm -rf .venv .local .pytest_cache .mypy_cache .ruff_cache dist
