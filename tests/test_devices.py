"""Devices: the automatic choice, and the sentence for one that is not there."""

from __future__ import annotations

import pytest
import torch

from barestyle import devices
from barestyle.errors import DeviceError


def test_auto_takes_the_fastest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices.pick("auto") == torch.device(devices.available()[0])
    assert devices.pick("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert devices.pick("auto") == torch.device("cuda")
    assert devices.pick("cuda:1") == torch.device("cuda:1")


def test_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"this machine has no cuda; it has .*cpu, which --device auto would choose"):
        devices.pick("cuda")
    with pytest.raises(DeviceError, match="there is no device 'tpu'; use one of auto, cpu, cuda, mps"):
        devices.pick("tpu")
