# Sets up its own virtual environment; PYTHON chooses the interpreter it is made with.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

# make train: a folder with the data set's original files, the configuration, and where the run goes.
DATA ?=
CONFIG ?= configs/stgan_resampled.py:casia_a
WORKDIR ?= runs/$(basename $(notdir $(firstword $(subst :, ,$(CONFIG)))))
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
	@test -n "$(DATA)" || { echo "make train: set DATA to the folder with the data set's files: make train DATA=DIR" >&2; exit 2; }
	$(RUN) -m gait_jax.train --config=$(CONFIG) --config.data.manual_dir="$(DATA)" --workdir=$(WORKDIR) $(ARGS)

clean:
	rm -rf $(VENV)
