# make demo    build the CLIP bundles offline, run them on this host, write a report
# make test    lint, types, all tests, on this Python, beside torch_npu, and on the oldest Python for what travels
# make bench   docs/performance.md: half an hour, 12 GB of disk;  make soak: the long forms of the tests
PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
BOARD  := tests/test_testing.py tests/runtime tests/plugins/clip/device tests/plugins/onnx/device
.DEFAULT_GOAL := test

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("ascendc needs Python 3.10 or newer: make PYTHON=python3.x" if sys.version_info < (3, 10) else 0)'
	@echo 'setting up .venv: a few minutes the first time (PyTorch and the rest are downloaded), nothing after that'
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --constraint constraints.txt torch==2.13.0
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

# What a board has: the oldest Python there is here, numpy, onnxruntime, pillow, tokenizers.
.venv-board/ready: tests/board_environment.py | .venv/ready
	$(BIN)/python tests/board_environment.py .venv-board
	@touch $@

# What a user has before CANN works: torch_npu, layered over .venv. Where it has no wheel, that is said and passed over.
.venv-npu/ready: tests/npu_environment.py | .venv/ready
	$(BIN)/python tests/npu_environment.py .venv-npu || echo 'no torch_npu for this machine: its tests are left out'
	@mkdir -p .venv-npu && touch $@

# What a reader of reports has: a Chromium. Where none can be had, that is said, and the tests of pages are left out.
.venv/browser: tests/browser.py | .venv/ready
	$(BIN)/python tests/browser.py || true
	@touch $@

.PHONY: setup demo test lint bench soak clean
setup: .venv/ready

demo: setup
	PATH="$(CURDIR)/$(BIN):$$PATH" bash demo.sh

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: lint .venv-board/ready .venv-npu/ready .venv/browser
	PYTHONPATH=. .venv-board/bin/python -m pytest -q $(BOARD)
	if [ -x .venv-npu/bin/python ]; then .venv-npu/bin/python -m pytest -q tests/test_devices.py tests/test_torch_session.py tests/test_torch_device.py; fi
	$(PYTEST) -q -n 2 --dist loadfile --cov --cov-report=term

bench: setup
	$(BIN)/python -m benchmarks

soak: setup .venv-board/ready
	$(PYTEST) -q -m soak

clean:
	rm -rf .venv .venv-board .venv-npu build
