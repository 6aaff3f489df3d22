"""Pruning: the same architectures through Torch-Pruning, for comparison.

It is no dependency: install it into a folder of its own and name that folder,
`pip install --target FOLDER --no-deps torch-pruning`.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from benchmarks.coverage_case import NUM_CLASSES, attempt, awake, images_of, recipe_of
from benchmarks.coverage_entry import Outcome

MOST_LEFT = 0.9
"""Of the parameters, for a network to count as pruned."""


def pruned(architecture: str, library: Path) -> Outcome:
    """Whether its whole-model pruning to half of every layer's channels leaves a network that runs
    forward and backward with logits of the same shape, and smaller.
    """
    left: list[float] = []
    reason = attempt(_prune, architecture, library, left)
    return Outcome(worked=reason is None, reason=reason, parameters_left=next(iter(left), None))


def _prune(architecture: str, library: Path, left: list[float]) -> None:
    """Adds the share of the parameters that is left."""
    sys.path.insert(0, str(library))
    import torch_pruning

    recipe = recipe_of(architecture)
    network = awake(recipe)
    images = images_of(recipe)
    before = _num_parameters(network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _pruner(torch_pruning, network, images).step()
    logits = network(images)
    if logits.shape != (len(images), NUM_CLASSES):
        raise ArithmeticError(f"Logits are {list(logits.shape)}.")
    logits.sum().backward()
    left.append(round(_num_parameters(network) / before, 4))
    if left[0] > MOST_LEFT:
        raise ArithmeticError(f"{left[0]:.0%} of the parameters remain.")


def _pruner(library: Any, network: nn.Module, images: Tensor) -> Any:
    """As its documentation has it: magnitudes of groups, the classifier's last layer left alone,
    attention told its heads.
    """
    heads = {
        layer: layer.num_heads
        for layer in network.modules()
        if isinstance(layer, nn.MultiheadAttention)
    }
    return library.pruner.MagnitudePruner(
        network,
        images,
        importance=library.importance.MagnitudeImportance(p=2),
        pruning_ratio=0.5,
        ignored_layers=[layer for layer in network.modules() if _gives_logits(layer)],
        num_heads=heads,
    )


def _gives_logits(layer: nn.Module) -> bool:
    sizes = (getattr(layer, "out_features", None), getattr(layer, "out_channels", None))
    return NUM_CLASSES in sizes


def _num_parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
