"""Fused: candidates that differ in their widths alone, learning as one batched network.

Their tensors are stacked, the narrower ones padded with zeros to the widest, whose program runs
for all of them under `torch.vmap`. What is padded gets no gradient and so stays zero.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from candidates.candidate import Course
from candidates.graph.choice import kept_indices
from candidates.graph.layout import Layout
from candidates.learner import Learner, mixed_precision, optimiser_of, set_pace
from candidates.objective import Batch, Objective, Target
from candidates.recipe import LibraryRecipe
from candidates.schedule import Pace

TOLERANCE = 1e-3
"""Relative; a fused loss that differs by more is of another function."""
ROUNDING = 1e-6
"""Relative to the mean square of the targets; losses may differ by so much in any case."""
Places = list[Tensor | None]
"""For every dimension, where the indices of a narrower tensor lie; None: all, in their order."""


class NotFusable(Exception):
    """Says why some learners cannot learn as one."""


class Fused:
    """Takes the steps of several learners at once; `settle` hands them what they would have
    reached alone, up to rounding.

    Raises NotFusable where it would not be the same.
    """

    def __init__(
        self,
        learners: Sequence[Learner],
        objective: Objective,
        recipe: LibraryRecipe,
        batch: Batch,
    ) -> None:
        if objective.layout is None or recipe.start == "random":
            raise NotFusable("norms that train by the batch would see what is padded.")
        self.learners = learners
        self._objective, self._recipe = objective, recipe
        self._widest = max(learners, key=lambda each: each.size)
        shape_of = {name: values.shape for name, values in self._widest.own.items()}
        self._places = [_places(learner, self._widest, objective.layout) for learner in learners]
        self._shapes = shape_of
        self._stacked = {name: self._stack(name) for name in shape_of}
        self._masks = {name: self._mask(name) for name in self._names}
        learning = [self._stacked[name].requires_grad_() for name in self._names]
        self._optimiser = optimiser_of(learning, recipe)
        self._take_optimisers()
        self._run = torch.compile(self._losses) if recipe.compiled else self._losses
        self._check(*batch)

    def learn(self, activations: Tensor, targets: Sequence[Target], pace: Pace) -> None:
        """One step of the optimiser on a batch, for all learners."""
        for learner in self.learners:
            learner.course = Course(steps=learner.course.steps + 1)
        set_pace(self._optimiser, pace)
        self._optimiser.zero_grad()
        self._run(activations, targets).sum().backward()
        for name in self._names:
            mask, gradient = self._masks[name], self._stacked[name].grad
            if mask is not None and gradient is not None:
                gradient.mul_(mask)
        self._optimiser.step()

    def constrain(self, step: int) -> None:
        """Make the weights of all learners obey after a step."""
        for number, learner in enumerate(self.learners):
            if learner.draft.constraint is not None:
                self._give(number)
                learner.constrain(step)
                for name, values in learner.own.items():
                    padded = self._padded(number, name, values)
                    self._stacked[name].data[number].copy_(padded)

    def settle(self) -> None:
        """Bring the learners' own weights and optimisers to where this is."""
        for number in range(len(self.learners)):
            self._give(number)
            self._give_optimiser(number)

    @property
    def _names(self) -> list[str]:
        """Of what learns, in the order of the learners' optimisers."""
        return [
            name for name, values in self._widest.network.named_parameters()
            if values.requires_grad
        ]  # fmt: skip

    def _losses(self, activations: Tensor, targets: Sequence[Target]) -> Tensor:
        """L_i of every learner [K]."""
        network, objective = self._widest.network, self._objective
        shared = {
            name: values for name, values in network.tensors().items() if name not in self._stacked
        }

        def loss(own: Mapping[str, Tensor]) -> Tensor:
            with mixed_precision(self._recipe):
                values = objective.values(network, activations, {**shared, **own})
            return objective.loss(values, targets)

        result: Tensor = torch.vmap(loss)(self._stacked)
        return result

    def _check(self, activations: Tensor, targets: Sequence[Target]) -> None:
        self._widest.network.eval()
        try:
            with torch.no_grad():
                found = self._run(activations, targets)
        except (RuntimeError, ValueError) as exc:
            raise NotFusable(f"torch cannot batch their program: {exc}.") from exc
        rounding = ROUNDING * max(float(each.values.square().mean()) for each in targets)
        for learner, loss in zip(self.learners, found.tolist(), strict=True):
            expected = learner.loss(activations, targets)
            if abs(loss - expected) > TOLERANCE * abs(expected) + rounding:
                raise NotFusable(
                    f"padding would change what they compute (a loss of {loss:.6g} in the place of "
                    f"{expected:.6g}), as it does where a norm or a mean runs over a width."
                )

    def _stack(self, name: str) -> Tensor:
        return torch.stack(
            [
                self._padded(number, name, learner.own[name])
                for number, learner in enumerate(self.learners)
            ]
        )

    def _mask(self, name: str) -> Tensor | None:
        """1 for weights of the learners, 0 for what is padded; None where nothing is."""
        ones = [torch.ones_like(learner.own[name]) for learner in self.learners]
        mask = torch.stack([self._padded(k, name, each) for k, each in enumerate(ones)])
        return None if bool(mask.all()) else mask

    def _padded(self, number: int, name: str, values: Tensor) -> Tensor:
        """A learner's tensor in the widest's shape."""
        result = values.detach()
        for dim, index in enumerate(self._places[number][name]):
            if index is not None:
                sizes = [*result.shape]
                sizes[dim] = self._shapes[name][dim]
                result = result.new_zeros(sizes).index_copy(dim, index, result)
        return result

    def _own(self, number: int, name: str, values: Tensor) -> Tensor:
        """The opposite of `_padded`."""
        for dim, index in enumerate(self._places[number][name]):
            if index is not None:
                values = values.index_select(dim, index)
        return values

    def _give(self, number: int) -> None:
        for name, values in self.learners[number].own.items():
            values.data.copy_(self._own(number, name, self._stacked[name].detach()[number]))

    def _give_optimiser(self, number: int) -> None:
        learner = self.learners[number]
        assert learner.optimiser is not None
        parameters = dict(learner.network.named_parameters())
        for name in self._names:
            slots = self._optimiser.state.get(self._stacked[name], {})
            learner.optimiser.state[parameters[name]] = {
                slot: self._own(number, name, value[number]) if value.dim() else value.clone()
                for slot, value in slots.items()
                if value is not None
            }

    def _take_optimisers(self) -> None:
        """Go on with what the learners' optimisers know, which is nothing or that of all."""
        for name in self._names:
            known = []
            for learner in self.learners:
                assert learner.optimiser is not None
                parameter = dict(learner.network.named_parameters())[name]
                known.append(learner.optimiser.state.get(parameter, {}))
            slots = {slot for slot, value in known[0].items() if value is not None}
            if slots:
                self._optimiser.state[self._stacked[name]] = {
                    slot: self._joined(name, [each[slot] for each in known]) for slot in slots
                }

    def _joined(self, name: str, values: Sequence[Tensor]) -> Tensor:
        if not values[0].dim():
            return values[0].clone()
        return torch.stack([self._padded(k, name, each) for k, each in enumerate(values)])


def _places(learner: Learner, widest: Learner, layout: Layout) -> dict[str, Places]:
    """Where a learner's tensors lie in those of the widest."""
    ours, theirs = layout.choice(learner.draft.kept), layout.choice(widest.draft.kept)
    result: dict[str, Places] = {}
    for name, values in widest.own.items():
        if name not in learner.own:
            raise NotFusable(f"not all of them have '{name}'.")
        if learner.own[name].shape == values.shape and ours == theirs:
            result[name] = [None] * values.dim()
            continue
        if name not in layout.axes.tensors:
            raise NotFusable(f"'{name}' is no tensor of the teacher.")
        terms = layout.axes.tensors[name]
        pairs = [(kept_indices(term, ours), kept_indices(term, theirs)) for term in terms]
        result[name] = [_found(few, many, name, values.device) for few, many in pairs]
    return result


def _found(few: list[int], many: list[int], name: str, device: torch.device) -> Tensor | None:
    if few == many:
        return None
    place = {index: number for number, index in enumerate(many)}
    if any(index not in place for index in few):
        raise NotFusable(f"some keep indices of '{name}' that the widest does not.")
    return torch.tensor([place[index] for index in few], device=device)
