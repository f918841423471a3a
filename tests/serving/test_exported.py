"""What a format needs is asked for by name."""

import importlib.util

import pytest

from keras_pixda.serving.exported import require


def test_missing_packages_are_named_with_the_extra_that_brings_them(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    require("savedmodel", verify=True)
    with pytest.raises(ImportError, match="onnx needs tf2onnx and onnxruntime.*export"):
        require("onnx", verify=True)
    with pytest.raises(ImportError, match="onnx needs tf2onnx: pip"):
        require("onnx", verify=False)
    with pytest.raises(ImportError, match="litert needs ai_edge_litert"):
        require("litert", verify=True)
    require("litert", verify=False)
