"""`barestyle info`: versions and hardware, for a bug report."""

from __future__ import annotations

import os
import platform

import barestyle


def info() -> None:
    """Print versions, devices and threads, for a bug report."""
    import torch

    from barestyle.hardware.devices import list_devices
    from barestyle.networks.vgg19 import ENVIRONMENT_VARIABLE
    from barestyle.run.record import package_versions

    lines = {
        "barestyle": barestyle.__version__,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        **{name: version for name, version in package_versions().items() if name != "barestyle"},
        "devices": ", ".join(list_devices()),
        "threads": f"{torch.get_num_threads()} of {os.cpu_count()} processors",
        "processor": torch.backends.cpu.get_cpu_capability(),
        "trained VGG-19": os.environ.get(ENVIRONMENT_VARIABLE) or f"${ENVIRONMENT_VARIABLE} is not set",
    }
    width = max(map(len, lines))
    for name, value in lines.items():
        print(f"{name:<{width}}  {value}")
