# Two commands set everything up on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test clean

demo: .venv/installed
	$(BIN)/keras-pixda demo --output demo --overwrite

test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2

# Built once; again when the requirements change.
.venv/installed: setup.py pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test,hub,cv]"
	touch $@

clean:
	rm -rf .venv build dist demo *.egg-info
