"""Teacher: a trained network as a program, checked on arrival and split into neighbourhoods."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from candidates.assembly import Description, description_of, program_of, with_program
from candidates.candidate import Cost, Kept
from candidates.checkpoint import Checkpoint
from candidates.cost import cost_of
from candidates.errors import InvalidCheckpoint, UnsplittableTeacher
from candidates.finite import check_activations
from candidates.graph.follow import follow
from candidates.graph.layout import Layout
from candidates.graph.narrow import for_any_batch, narrow
from candidates.graph.neighbourhood import Neighbourhood, Split
from candidates.graph.network import Network
from candidates.graph.program import Program
from candidates.graph.split import Splitter
from candidates.graph.trace import BATCH_SIZE
from candidates.peak import Beside, Occupancy
from candidates.recipe import Granularity, TeacherRecipe
from candidates.tensors import checkpoint_of, state_of


@dataclass(frozen=True)
class Teacher:
    """A trained network in eval mode; `checkpoint` is a file that holds all of it."""

    recipe: TeacherRecipe
    checkpoint: Checkpoint
    network: Network
    layout: Layout
    split: Split

    @classmethod
    def load(cls, checkpoint: Checkpoint, granularity: Granularity = "block") -> "Teacher":
        """From a teacher's own file, as `candidates.sources.intake` makes it.

        Raises InvalidCheckpoint, InvalidProgram, UnsplittableTeacher, and InvalidRecipe for a
        granularity that does not suit.
        """
        recipe, program = description_of(checkpoint).recipe, program_of(checkpoint)
        return cls.of(recipe, program, state_of(checkpoint), granularity)

    @classmethod
    def of(
        cls,
        recipe: TeacherRecipe,
        program: Program,
        tensors: Mapping[str, Tensor],
        granularity: Granularity = "block",
    ) -> "Teacher":
        """From a program and its tensors, whose sizes may be those of a trace's batch."""
        axes = follow(program, tensors, (BATCH_SIZE, *recipe.input))
        program = for_any_batch(program, axes)
        network = Network(program, tensors).eval()
        splitter = Splitter(program, tensors, axes)
        parts = splitter.split(granularity)
        widths = {width.name: width for width in splitter.widths}
        return cls(
            recipe=recipe,
            checkpoint=teacher_checkpoint(recipe, program, tensors),
            network=network,
            layout=Layout(program, axes, widths),
            split=parts,
        )

    @cached_property
    def num_classes(self) -> int:
        """How many logits it gives for an image."""
        return self.network.num_outputs(self.recipe.input)

    @cached_property
    def cost(self) -> Cost:
        """What the whole network costs for one image."""
        return cost_of(self.network, torch.empty(1, *self.recipe.input, device="meta"))

    @cached_property
    def fixed_cost(self) -> Cost:
        """What lies outside all neighbourhoods costs; its peak of activations is the one that is
        reached there.
        """
        example = torch.empty(1, *self.recipe.input, device="meta")
        names = [each.input for each in self.split.neighbourhoods]
        inputs = self.network.on_meta().values(example, names)
        result = self.cost
        for each, entering in zip(self.split.neighbourhoods, inputs, strict=True):
            result = result - cost_of(self.part(each), entering)
        inside = {call.name for part in self._parts for call in part.calls}
        return result.model_copy(update={"activation_bytes": self._occupancy.peak(inside)})

    def beside(self, neighbourhood: Neighbourhood) -> Beside:
        """What is alive beside a neighbourhood while it, or a candidate in its place, runs."""
        return self._occupancy.beside(self.part(neighbourhood).program)

    def check(self) -> None:
        """Run it on a few random images, as is due once for every teacher that arrives.

        Raises InvalidCheckpoint (NaN or Inf among the weights), NonFiniteActivation naming the
        first module, and UnsplittableTeacher unless it takes any number of images and gives one
        row of logits for each, whatever the others are.
        """
        check_finite(self.network.tensors(), self.network.program)
        check_any_batch(self.network, self.recipe)

    def root(self, neighbourhood: Neighbourhood) -> Network:
        """What runs before a neighbourhood's cut: images [N, C, H, W] to the value there."""
        return self.network.part(self.network.program.input, neighbourhood.cut)

    def entering(self, neighbourhood: Neighbourhood) -> Network:
        """From a neighbourhood's cut to its input; nothing where they are the same."""
        return self.network.part(neighbourhood.cut, neighbourhood.input)

    def part(self, neighbourhood: Neighbourhood) -> Network:
        """The neighbourhood T_i itself, sharing the teacher's tensors."""
        return self.network.part(neighbourhood.input, neighbourhood.output)

    def partial(self, neighbourhood: Neighbourhood, candidate: Network) -> Network:
        """From a neighbourhood's cut to the logits [N, num_classes], with the candidate in the
        neighbourhood's place; it shares the tensors of both.
        """
        whole = self.network.program
        rest = whole.part(neighbourhood.cut, whole.output)
        program = rest.replaced([candidate.program])
        return Network(program, {**self.network.tensors(), **candidate.tensors()}).eval()

    def narrowed(self, neighbourhood: Neighbourhood, kept: Kept) -> Network:
        """T_i with tensors of its own that keep only the given indices of each width."""
        part = self.part(neighbourhood)
        return narrow(part.program, part.tensors(), self.layout.axes, self.layout.choice(kept))

    @cached_property
    def _parts(self) -> list[Program]:
        return [self.part(each).program for each in self.split.neighbourhoods]

    @cached_property
    def _occupancy(self) -> Occupancy:
        """Of the teacher with its calls in the order in which a student has them."""
        program = self.network.program.replaced(self._parts)
        example = torch.empty(1, *self.recipe.input, device="meta")
        return Occupancy(Network(program, self.network.tensors()).eval(), example)


def teacher_checkpoint(
    recipe: TeacherRecipe, program: Program, tensors: Mapping[str, Tensor]
) -> Checkpoint:
    """A teacher's own file: all that is needed to run it, under its recipe."""
    used = {name: tensors[name] for name in program.tensors()}
    return with_program(checkpoint_of(used), program, Description(recipe=recipe))


def check_any_batch(network: Network, recipe: TeacherRecipe) -> None:
    """Raises UnsplittableTeacher where sizes are fixed in a network's forward."""
    images = torch.rand(3, *recipe.input, generator=torch.Generator().manual_seed(0))
    logits = _run(network, images)
    alone = _run(network, images[:1])
    if logits.dim() != 2 or len(logits) != len(images):
        raise UnsplittableTeacher(
            f"Three images give an output of shape {list(logits.shape)}; a classifier gives one "
            "row of logits for each image."
        )
    if not torch.allclose(logits[:1], alone, rtol=1e-3, atol=1e-4 * float(alone.abs().max())):
        raise UnsplittableTeacher(
            "The logits of an image depend on the other images of its batch, or on their number: "
            "sizes are fixed in the network's forward."
        )


def _run(network: Network, images: Tensor) -> Tensor:
    try:
        check_activations(network, images)
        with torch.inference_mode():
            logits: Tensor = network(images)
        return logits
    except RuntimeError as exc:
        raise UnsplittableTeacher(
            f"The network does not run on {len(images)} images of shape "
            f"{list(images.shape[1:])}: {exc}. Sizes seem to be fixed in its forward."
        ) from exc


def check_fit(program: Program, checkpoint: Checkpoint) -> None:
    """Raises InvalidCheckpoint naming the first tensor of a program that is missing, not read or
    not finite.
    """
    for name in program.tensors():
        if name not in checkpoint.tensors:
            raise InvalidCheckpoint(f"Key '{name}' is missing.")
    known = set(program.tensors())
    for name in checkpoint.tensors:
        if name not in known:
            raise InvalidCheckpoint(f"Key '{name}' does not belong to this network.")
    check_finite(state_of(checkpoint), program)


def check_finite(tensors: Mapping[str, Tensor], program: Program) -> None:
    """Raises InvalidCheckpoint naming the first tensor with NaN, or Inf in what can be trained:
    a buffer may hold the limits of a clamp.
    """
    buffers = set(program.buffers)
    for name, values in tensors.items():
        if not values.is_floating_point():
            continue
        if values.isnan().any() or (name not in buffers and values.isinf().any()):
            raise InvalidCheckpoint(f"Key '{name}' holds NaN or Inf.")
