"""Devices: the automatic choice, and the error for a device that is missing."""

from __future__ import annotations

import pytest
import torch

from barestyle.errors import DeviceError
from barestyle.hardware import devices


def test_auto_takes_the_fastest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices.select_device("auto") == torch.device(devices.list_devices()[0])
    assert devices.select_device("cpu") == torch.device("cpu")
    assert devices.select_device(torch.device("cpu")) == torch.device("cpu")  # type: ignore[arg-type]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert devices.select_device("auto") == torch.device("cuda")
    assert devices.select_device("cuda:1") == torch.device("cuda:1")


def test_a_missing_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"this machine has no cuda; it has .*cpu, so use --device "):
        devices.select_device("cuda")
    for name in ("tpu", "cpu:x", "auto:1", "cuda:", "cuda:x", ""):
        with pytest.raises(DeviceError, match=f"there is no device '{name}'; use one of auto, cpu, cuda, mps"):
            devices.select_device(name)


def test_a_gpu_beyond_the_last_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(DeviceError, match="this machine has no cuda:9; its GPUs are cuda:0 to cuda:1"):
        devices.select_device("cuda:9")
