"""Sessions of ONNX Runtime. PyTorch is not imported."""

from __future__ import annotations

import os
from typing import Any


def start_session(model: bytes, threads: int, *, optimize: bool = True) -> Any:
    """Return a session for a model of ONNX that computes with a number of threads.

    `optimize` lets ONNX Runtime transform the model, which takes longer than to paint a small photograph, and makes
    these models no faster.
    """
    import onnxruntime  # an extra

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def count_threads() -> int:
    """Return the number of threads of OMP_NUM_THREADS, which PyTorch obeys, too, or one for each usable processor."""
    text = os.environ.get("OMP_NUM_THREADS", "")
    if text.isdecimal() and int(text) > 0:
        return int(text)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
