"""Distil: refine candidates by gradient until they do what their neighbourhood does."""

from collections.abc import Sequence

import torch
from torch import nn

from candidates.progress import Progress
from candidates.recipe import LibraryRecipe
from candidates.stream import Stream


def refine(
    candidates: Sequence[nn.Module],
    teacher_part: nn.Module,
    stream: Stream,
    recipe: LibraryRecipe,
    progress: Progress,
    theirs: Stream | None = None,
) -> None:
    """`recipe.steps` steps of Adam on L_{i,0}, the MSE between c(a) and T_i(a), in place.

    All candidates see the same batch of activations `a` and share its target; none influences
    another. Where `stream` gives a student's activations, `theirs` gives the teacher's of the same
    images, and the target is what T_i makes of those. BatchNorms stay in eval mode: they are part
    of the function that the closed form solved for, and their statistics are restated afterwards.
    """
    parameters = [weight for candidate in candidates for weight in candidate.parameters()]
    if recipe.steps == 0 or not parameters:
        return
    optimiser = torch.optim.Adam(parameters, lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=recipe.learning_rate, total_steps=recipe.steps + 1
    )
    generator = torch.Generator().manual_seed(recipe.seed)
    for step in range(recipe.steps):
        index = torch.randint(len(stream), (recipe.batch_size,), generator=generator)
        activations = stream.at(index)
        with torch.no_grad():
            target = teacher_part(activations if theirs is None else theirs.at(index))
        optimiser.zero_grad()
        for candidate in candidates:
            output = candidate(activations)
            # The gradient of the MSE, without computing a loss that nobody looks at.
            output.backward(2 / target.numel() * (output.detach() - target))
        optimiser.step()
        schedule.step()
        progress(step + 1, recipe.steps)
