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

.PHONY: setup test lint train clean

setup: $(VENV)/.installed

# The stamp is written last: an interrupted installation is done again.
$(VENV)/.installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --editable '.[dev]'
	touch $@

test: setup
	$(RUN) -m pytest -n auto

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

train: setup
	$(RUN) -m gait_jax.train --config=configs/$(CONFIG).py:$(DATASET) \
		--config.data.manual_dir="$(DATA)" --workdir=$(WORKDIR) $(ARGS)

clean:
	rm -rf $(VENV)
