# Python in every process of a run: writing no byte code makes Airflow start three times slower.
unexport PYTHONDONTWRITEBYTECODE
SHELL := /bin/bash
PYTHON ?= python3
UV := .venv/bin/uv
CODEPIPELINE := .venv/bin/codepipeline

.PHONY: install lock demo test lint bench clean

install: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12) and "Python 3.11 or 3.12 is needed, this is " + sys.version)'
	test -x $(UV) || { $(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet uv==0.13.9; }
	$(UV) pip install --quiet --python .venv/bin/python --require-hashes --compile-bytecode -r requirements.lock
	$(UV) pip install --quiet --python .venv/bin/python --no-deps --editable .
	touch $@

lock:
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group dev pyproject.toml --output-file requirements.lock
