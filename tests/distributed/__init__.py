"""Tests of barestyle.distributed."""
