"""Benchmarks: barestyle's speed and memory, compared with PyTorch's style transfer tutorial."""
