"""Metadata of keras_pixda; the tools are set up in pyproject.toml."""

import pathlib

from setuptools import find_packages, setup

setup(
    name="keras_pixda",
    version="0.1.0",
    description="Few-shot domain adaptation for semantic segmentation on Keras 3",
    long_description=pathlib.Path(__file__).with_name("README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    packages=find_packages(include=["keras_pixda", "keras_pixda.*"]),
    python_requires=">=3.11,<3.14",
    install_requires=[
        "keras>=3.15",
        "tensorflow>=2.20",
        "numpy",
        "pillow",
        "pyyaml",
    ],
    extras_require={
        "hub": ["keras-hub>=0.32"],
        "cv": ["keras-cv>=0.9"],
        "export": ["tf2onnx>=1.17", "onnxruntime>=1.32", "ai-edge-litert>=2.3"],
        "tensorboard": ["tensorboard"],
        "bench": ["torch"],
        "docs": ["pdoc>=16"],
        "test": [
            "hypothesis",
            "pytest",
            "pytest-xdist",
            "ruff",
            "tensorboard",
            "cityscapesScripts>=2.3",
            "ipykernel",
            "nbclient",
        ],
    },
    entry_points={"console_scripts": ["keras-pixda=keras_pixda.cli:main"]},
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
