"""The kind of processor that a benchmark shows, chosen before a framework is loaded."""

import os
import pathlib

# What keeps TensorFlow and PyTorch from instructions that the processor has.
ISA = {
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
}
ONEDNN = {"on": "1", "off": "0"}
THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def add_options(parser):
    """Add `--isa`, `--onednn` and `--threads`."""
    parser.add_argument("--isa", choices=ISA, help="play a lesser processor")
    parser.add_argument(
        "--onednn", choices=ONEDNN, help="of TensorFlow, which else decides itself"
    )
    parser.add_argument("--threads", type=int, help="of each contestant")


def choose(options):
    """Set the environment of every process to come.

    Returns:
        What the figures hold for, as a dictionary.
    """
    os.environ.update(ISA.get(options.isa, {}))
    if options.onednn:
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = ONEDNN[options.onednn]
    if options.threads:
        os.environ.update(dict.fromkeys(THREADS, str(options.threads)))
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    widest = next((f for f in ("avx512f", "avx2") if f in flags), "neither")
    return {
        "isa": options.isa or widest,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "as TensorFlow chooses"),
        "threads": options.threads or len(os.sched_getaffinity(0)),
    }
