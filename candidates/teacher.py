"""Teacher: a trained network, checked on arrival and split into neighbourhoods."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from candidates.architectures import build
from candidates.candidate import Cost
from candidates.checkpoint import Checkpoint
from candidates.checkpoint import Tensor as FileTensor
from candidates.cost import cost_of
from candidates.errors import InvalidCheckpoint, NonFiniteActivation
from candidates.graph import INPUT, Graph
from candidates.neighbourhood import Neighbourhood, Split
from candidates.recipe import TeacherRecipe
from candidates.split import split
from candidates.tensors import NAMES, state_of


@dataclass(frozen=True)
class Teacher:
    """A trained network in eval mode with the weights it came from.

    `cost` is the whole network's, `fixed_cost` what lies outside all neighbourhoods.
    """

    recipe: TeacherRecipe
    checkpoint: Checkpoint
    network: nn.Module
    graph: Graph
    split: Split
    cost: Cost
    fixed_cost: Cost

    @classmethod
    def load(cls, recipe: TeacherRecipe, checkpoint: Checkpoint) -> "Teacher":
        """Build, check, run once and split.

        Raises InvalidRecipe, InvalidCheckpoint (naming the first key that is wrong),
        NonFiniteActivation (naming the first module), UnsplittableTeacher.
        """
        network = load_network(recipe, checkpoint)
        check_activations(network, torch.zeros(2, *recipe.input))
        graph = Graph(network)
        parts = split(graph)
        example = torch.zeros(1, *recipe.input)
        cost, inside = cost_of(network, example), Cost(parameters=0, macs=0, bytes=0)
        for neighbourhood in parts.neighbourhoods:
            with torch.inference_mode():
                entering = graph.part(INPUT, neighbourhood.input)(example)
            part = graph.part(neighbourhood.input, neighbourhood.output)
            inside = inside + cost_of(part, entering)
        return cls(recipe, checkpoint, network, graph, parts, cost, cost - inside)

    def root(self, neighbourhood: Neighbourhood) -> nn.Module:
        """What runs before a neighbourhood: images [N, C, H, W] to its input."""
        return self.graph.part(INPUT, neighbourhood.input)

    def head(self, neighbourhood: Neighbourhood) -> nn.Module:
        """What runs after a neighbourhood: its output to logits [N, num_classes]."""
        return self.graph.part(neighbourhood.output, self.graph.end)

    def part(self, neighbourhood: Neighbourhood) -> nn.Module:
        """The neighbourhood T_i itself, sharing the teacher's parameters."""
        return self.graph.part(neighbourhood.input, neighbourhood.output)

    def copy_of(self, neighbourhood: Neighbourhood) -> nn.Module:
        """T_i with parameters of its own, the raw material of a candidate."""
        return self.graph.copy_of_part(neighbourhood.input, neighbourhood.output)


def load_network(recipe: TeacherRecipe, checkpoint: Checkpoint) -> nn.Module:
    """The recipe's network with the checkpoint's weights, in eval mode.

    Raises InvalidCheckpoint naming the first key that is missing, unknown, of another shape or
    dtype, or not finite. Nothing is allocated before the shapes are known to fit.
    """
    with torch.device("meta"):
        network = build(recipe)
    check_fit(network.state_dict(), checkpoint)
    network.load_state_dict(state_of(checkpoint), assign=True)
    return network.eval()


def check_fit(expected: dict[str, Tensor], checkpoint: Checkpoint) -> None:
    """Raises InvalidCheckpoint naming the first key that does not fit `expected`."""
    for name, wanted in expected.items():
        _check_tensor(name, wanted, checkpoint.tensors.get(name))
    for name in checkpoint.tensors:
        if name not in expected:
            raise InvalidCheckpoint(f"Key '{name}' does not belong to this architecture.")
    for name, values in state_of(checkpoint).items():
        if values.is_floating_point() and not torch.isfinite(values).all():
            raise InvalidCheckpoint(f"Key '{name}' holds NaN or Inf.")


def _check_tensor(name: str, wanted: Tensor, found: FileTensor | None) -> None:
    shape, dtype = list(wanted.shape), NAMES[wanted.dtype]
    if found is None:
        raise InvalidCheckpoint(f"Key '{name}' is missing; its shape should be {shape}.")
    if list(found.shape) != shape:
        raise InvalidCheckpoint(
            f"Key '{name}' has shape {list(found.shape)}; it should be {shape}."
        )
    if found.dtype != dtype:
        raise InvalidCheckpoint(f"Key '{name}' has dtype {found.dtype}; it should be {dtype}.")


def check_activations(network: nn.Module, inputs: Tensor) -> None:
    """One forward pass; NonFiniteActivation names the first module that gives NaN or Inf."""

    def check(name: str, output: Tensor) -> None:
        if not torch.isfinite(output).all():
            raise NonFiniteActivation(f"Module '{name}' computes NaN or Inf; check its weights.")

    hooks = [
        module.register_forward_hook(lambda _m, _i, output, name=name: check(name, output))
        for name, module in network.named_modules()
        if not list(module.children())
    ]
    try:
        with torch.inference_mode():
            network(inputs)
    except RuntimeError as exc:
        raise InvalidCheckpoint(
            f"The network does not run on an input of shape {list(inputs.shape[1:])}: {exc}."
        ) from exc
    finally:
        for hook in hooks:
            hook.remove()
