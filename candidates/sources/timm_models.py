"""The only door to timm, which is optional."""

from typing import Any

from torch import nn

import candidates.sources.vision  # noqa: F401 - timm looks for torchvision, which that makes importable
from candidates.errors import InvalidRecipe


def create(name: str, **arguments: Any) -> nn.Module:
    """A freshly initialised network; InvalidRecipe if timm is not installed."""
    network: nn.Module = _timm().create_model(name, pretrained=False, **arguments)
    return network


def usual_input(name: str) -> tuple[int, int, int]:
    """Channels, height and width that the published weights of an architecture expect."""
    channels, height, width = _timm().get_pretrained_cfg(name).input_size
    return channels, height, width


def _timm() -> Any:
    try:
        import timm
    except ModuleNotFoundError as exc:
        raise InvalidRecipe(
            f"Architectures named 'timm/…' need the package '{exc.name}', which is not installed "
            "where the job runs. Install the extra 'timm': pip install 'student-search[timm]'."
        ) from exc
    return timm
