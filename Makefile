# Sets up its own virtual environment; PYTHON chooses the interpreter it is made with.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

# make train: without DATA it makes synthetic walkers; with DATA, the folder of a real data set's
# files, it trains on that data set.
DATA ?=
DATASET ?= $(if $(DATA),casia_a,walkers)
CONFIG ?= stgan_resampled
WORKDIR ?= runs/$(CONFIG)_$(DATASET)
ARGS ?=

.PHONY: setup fetch test lint train lock clean

setup: $(VENV)/.installed

# The stamp is written last: an interrupted installation is done again.
$(VENV)/.installed: setup.cfg setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --editable '.[dev]'
	touch $@

# The networks that find people in videos; those that are there already are left as they are.
fetch: setup
	$(RUN) -m gait_jax.fetch

test: fetch
	$(RUN) -m pytest -n auto

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

train: fetch
	$(RUN) -m gait_jax.train --config=configs/$(CONFIG).py:$(DATASET) \
		--config.data.manual_dir="$(DATA)" --workdir=$(WORKDIR) $(ARGS)

# The versions of everything, for all systems and extras that are installed together. Needs uv.
# An OpenCV that is installed already has no say in it: uv builds apart.
lock:
	uv pip compile --universal --python-version 3.11 --upgrade \
		--extra dev --extra gpu-cuda12 --extra gpu-cuda13 --extra tpu --extra onnx \
		--extra tensorboard --extra wandb --extra mlflow --custom-compile-command "make lock" \
		--output-file requirements.lock setup.cfg

clean:
	rm -rf $(VENV)
