"""Objective: how far a draft is from what the teacher does, there and further on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from candidates.graph.layout import Layout
from candidates.graph.neighbourhood import Neighbourhood
from candidates.graph.network import Network
from candidates.graph.program import Argument, Call, Program, Training
from candidates.recipe import LibraryRecipe
from candidates.stream import Stream
from candidates.teacher import Teacher


class Term(NamedTuple):
    """One comparison: of the value `name` as mean squared error, or of logits as KL."""

    name: str
    weight: float
    measure: Literal["mse", "relative", "kl"]


class Target(NamedTuple):
    """What the teacher gives for a term, and what its squared error is divided by."""

    values: Tensor
    scale: Tensor | float


Batch = tuple[Tensor, Sequence[Target]]
"""Activations at `Objective.source` [N, …] and what the teacher makes of them."""


@dataclass(frozen=True)
class Objective:
    """L_i = L_{i,0} + Σ_j α_j L_{i,j} (Shao et al.), and KL of the logits where it is asked for.

    L_{i,j} is the mean squared error at the output of the j-th neighbourhood behind whose output
    is all that the rest of the teacher reads; where there are fewer, there are fewer terms.
    `source` names the value whose activations drafts are given: the neighbourhood's input or, if
    the terms need more, its cut. Where these are a student's, `theirs` gives the teacher's of the
    same images at the same place, and `entering` is the student from the cut to the input.
    `layout` tells where the indices of widths lie; without it nothing is fused.
    """

    neighbourhood: Neighbourhood
    source: str
    terms: tuple[Term, ...]
    teacher: Network
    entering: Network
    theirs: Stream | None = None
    layout: Layout | None = None

    @classmethod
    def of(
        cls,
        teacher: Teacher,
        neighbourhood: Neighbourhood,
        recipe: LibraryRecipe,
        entering: Network | None = None,
        theirs: Stream | None = None,
    ) -> "Objective":
        """The objective of a recipe. `theirs` stands at the neighbourhood's cut."""
        terms = _terms(teacher, neighbourhood, recipe)
        program, last = teacher.network.program, terms[-1].name
        source = neighbourhood.input
        if not _reaches(program, source, last):
            source = neighbourhood.cut
        whole = teacher.network.part(source, last)
        own = teacher.entering(neighbourhood)
        there = theirs
        if theirs is not None and source != neighbourhood.cut:
            there = theirs.advanced(own)
        entering = entering or own
        return cls(neighbourhood, source, terms, whole, entering, there, teacher.layout)

    @property
    def teacher_weights(self) -> list[Tensor]:
        """Those of the teacher's own part."""
        program = self.teacher.program.part(self.neighbourhood.input, self.neighbourhood.output)
        tensors, buffers = self.teacher.tensors(), set(program.buffers)
        return [tensors[name] for name in program.tensors() if name not in buffers]

    def stream(self, at_cut: Stream) -> Stream:
        """The activations that drafts are given, from those at the neighbourhood's cut."""
        if self.source == self.neighbourhood.cut:
            return at_cut
        return at_cut.advanced(self.entering)

    def network(self, draft: Network) -> Network:
        """From `source` to the last value that is compared, with a draft in its place.

        The draft's tensors are copies, all others are the teacher's own and get no gradient; in
        train mode only what belongs to the draft trains.
        """
        parts = [draft.program]
        if self.source != self.neighbourhood.input:
            parts.append(self.entering.program)
        program = self.teacher.program.replaced(parts)
        program = _frozen(program, {call.name for call in draft.program.calls})
        fixed = {**self.teacher.tensors(), **self.entering.tensors()}
        tensors = {name: values.detach() for name, values in fixed.items()}
        own = draft.tensors()
        tensors |= {name: values.detach().clone() for name, values in own.items()}
        network = Network(program, tensors).eval()
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(name in own)
        return network

    def targets(self, index: slice | Tensor, activations: Tensor) -> list[Target]:
        """What the teacher gives for the images at `index` of the stream, without gradient.

        `activations` are what drafts are given for them.
        """
        return self.as_targets(self.answers(index, activations))

    def answers(self, index: slice | Tensor, activations: Tensor) -> list[Tensor]:
        """The values behind `targets`, one a term."""
        with torch.no_grad():
            if self.theirs is not None:
                activations = self.theirs.at(index).to(activations.device)
            return self.values(self.teacher, activations)

    def as_targets(self, answers: Sequence[Tensor]) -> list[Target]:
        """The answers to one batch as what its loss compares with."""
        return [
            Target(value, value.var() if term.measure == "relative" else 1.0)
            for term, value in zip(self.terms, answers, strict=True)
        ]

    def values(
        self, network: Network, activations: Tensor, tensors: Mapping[str, Tensor] | None = None
    ) -> list[Tensor]:
        """What is compared, one value a term, in float32; `tensors` take the place of its own."""
        names = [term.name for term in self.terms]
        values = network.values(activations, names, tensors=tensors)
        return [value.float() for value in values]

    def loss(self, values: Sequence[Tensor], targets: Sequence[Target]) -> Tensor:
        """L_i of a batch, a mean over images."""
        result = torch.zeros((), device=values[0].device)
        for term, value, target in zip(self.terms, values, targets, strict=True):
            if term.measure == "kl":
                ours, theirs = value.log_softmax(1), target.values.log_softmax(1)
                gap = (theirs.exp() * (theirs - ours)).sum(1).mean()
            else:
                gap = _mean_square(value - target.values) / target.scale
            result = result + term.weight * gap
        return result


class _MeanSquare(torch.autograd.Function):
    """The mean of squares, with fewer passes over the memory than torch's own loss takes."""

    generate_vmap_rule = True

    @staticmethod
    def forward(gap: Tensor) -> Tensor:
        flat = gap.reshape(-1)
        return flat.dot(flat) / flat.numel()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], _output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (gap,) = ctx.saved_tensors
        result: Tensor = gap * (gradient * (2 / gap.numel()))
        return result


_mean_square: Callable[[Tensor], Tensor] = _MeanSquare.apply


def _terms(
    teacher: Teacher, neighbourhood: Neighbourhood, recipe: LibraryRecipe
) -> tuple[Term, ...]:
    program = teacher.network.program
    terms = [Term(neighbourhood.output, 1.0, recipe.loss)]
    behind = _cuts_behind(teacher, neighbourhood)
    for weight, name in zip(recipe.look_ahead, behind, strict=False):
        if weight:
            terms.append(Term(name, weight, recipe.loss))
    if recipe.logit_weight:
        terms.append(Term(program.output, recipe.logit_weight, "kl"))
    return tuple(terms)


def _cuts_behind(teacher: Teacher, neighbourhood: Neighbourhood) -> list[str]:
    """Outputs of the neighbourhoods behind that are all the rest reads, in running order."""
    program = teacher.network.program
    place = {name: index for index, name in enumerate(program.names())}
    names = {each.output for each in teacher.split.neighbourhoods}
    later = [name for name in names if place[name] > place[neighbourhood.output]]
    return [
        name for name in sorted(later, key=place.__getitem__)
        if _reaches(program, name, program.output)
    ]  # fmt: skip


def _reaches(program: Program, after: str, upto: str) -> bool:
    """Whether one value can be computed from another alone."""
    try:
        program.part(after, upto)
    except ValueError:
        return False
    return True


def _frozen(program: Program, open_calls: set[str]) -> Program:
    """The program with all calls but some in eval mode for good."""
    calls = tuple(call if call.name in open_calls else _predicting(call) for call in program.calls)
    return program.model_copy(update={"calls": calls})


def _predicting(call: Call) -> Call:
    def fixed(argument: Argument) -> Argument:
        if isinstance(argument, Training):
            return False
        return tuple(map(fixed, argument)) if isinstance(argument, tuple) else argument

    changed = {
        "arguments": tuple(map(fixed, call.arguments)),
        "keywords": {key: fixed(value) for key, value in call.keywords.items()},
    }
    return call.model_copy(update=changed)
