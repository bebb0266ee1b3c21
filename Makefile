# make demo    build the CLIP bundles offline, run them on this host, print results
# make test    lint, types, all tests
# make bench   figures into docs/ (slow);  make soak: the long forms of the tests
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
.DEFAULT_GOAL := test

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "ascendc needs Python 3.10 or newer; say make PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt torch==2.13.0
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

.PHONY: setup demo test lint bench soak clean
setup: $(VENV)/ready

demo: setup
	PATH="$(CURDIR)/$(BIN):$$PATH" bash demo.sh

clean:
	rm -rf $(VENV) .venv-* build
