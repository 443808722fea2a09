"""The network that a training begins with."""

from __future__ import annotations

import torch

from barestyle.feed_forward.network import NetworkShape, StyleNetwork


def build_initial_network(shape: NetworkShape, seed: int, initial: StyleNetwork | None) -> StyleNetwork:
    """Return a network with seeded random weights, or with another one's; each style begins as its first style.

    Raises ValueError if the other network has other widths or blocks.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = StyleNetwork(shape)
    if initial is None:
        return network
    if initial.shape.without_styles != shape.without_styles:
        raise ValueError(f"the initial network has the shape {initial.shape}, not {shape}")
    rows = [0] * shape.styles
    state = initial.state_dict()
    network.load_state_dict({name: value[rows] if _is_conditional(name) else value for name, value in state.items()})
    return network


def _is_conditional(name: str) -> bool:
    """Return whether a parameter has a row for each style."""
    return "norm." in name or "noise." in name or "palette." in name
