"""Statistics: what one pass of the teacher over the calibration images leaves behind."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from candidates.allowed import check_images
from candidates.anchors import find_anchors
from candidates.candidate import Estimate
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset
from candidates.errors import NonFiniteActivation
from candidates.moments import Moments
from candidates.progress import Progress
from candidates.recipe import LibraryRecipe
from candidates.score import accuracy_of
from candidates.stream import Stream
from candidates.teacher import Teacher, check_activations
from candidates.tensors import checkpoint_of, state_of

FIELDS = ("count", "sum", "products")


@dataclass(frozen=True)
class Statistics:
    """Moments of the inputs of every width's consumers, by module name, on calibration images;
    the teacher's logits [N, num_classes] and accuracy (percent) on the scoring images.
    """

    moments: dict[str, Moments]
    scoring_logits: Tensor
    teacher_accuracy: Estimate

    def to_checkpoint(self) -> Checkpoint:
        """Everything in one file."""
        tensors = {"scoring_logits": self.scoring_logits}
        for module, moments in self.moments.items():
            tensors[f"{module}/count"] = torch.tensor(moments.count)
            tensors[f"{module}/sum"] = moments.input_sum
            tensors[f"{module}/products"] = moments.input_products
        return checkpoint_of(tensors, {"teacher_accuracy": self.teacher_accuracy.model_dump_json()})

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Statistics":
        """Read what `to_checkpoint` made."""
        state = state_of(checkpoint)
        logits = state.pop("scoring_logits")
        moments = {}
        for module in {name.rpartition("/")[0] for name in state}:
            count, total, products = (state[f"{module}/{field}"] for field in FIELDS)
            known = Moments.empty(len(total))
            known.count, known.input_sum, known.input_products = int(count), total, products
            moments[module] = known
        accuracy = Estimate.model_validate_json(checkpoint.metadata["teacher_accuracy"])
        return cls(moments, logits, accuracy)


def gather(
    teacher: Teacher, dataset: Dataset, recipe: LibraryRecipe, progress: Progress
) -> Statistics:
    """Stream the images through the teacher once, for all neighbourhoods; nothing is cached.

    Raises InvalidDataset when the images do not fit the teacher, and NonFiniteActivation naming
    the module where NaN or Inf first appears.
    """
    images = dataset.calibration
    check_images(teacher.recipe, images.images.shape[1:], len(images.classes))
    limit = recipe.memory_limit_mb * 2**20
    calibration = dataset.calibration.sample(recipe.calibration_images, recipe.seed)
    scoring = dataset.scoring.sample(recipe.scoring_images, recipe.seed)
    moments = _empty_moments(teacher)
    total = len(calibration) + len(scoring)
    done = 0
    hooks = [
        teacher.network.get_submodule(name).register_forward_pre_hook(_adder(known))
        for name, known in moments.items()
    ]
    try:
        for logits in _run(teacher, Stream(calibration, teacher.recipe.preprocessing, limit)):
            done += len(logits)
            progress(done, total)
    finally:
        for hook in hooks:
            hook.remove()
    outputs = []
    for logits in _run(teacher, Stream(scoring, teacher.recipe.preprocessing, limit)):
        outputs.append(logits)
        done += len(logits)
        progress(done, total)
    scoring_logits = torch.cat(outputs)
    return Statistics(moments, scoring_logits, accuracy_of(scoring_logits, scoring.labels))


def _empty_moments(teacher: Teacher) -> dict[str, Moments]:
    result = {}
    for neighbourhood in teacher.split.neighbourhoods:
        part = teacher.part(neighbourhood)
        consumers = (module for width in neighbourhood.widths for module in width.consumers)
        for anchor in find_anchors(part, tuple(consumers)):
            weight = part.get_submodule(anchor.module).weight
            assert isinstance(weight, Tensor)
            result[anchor.module] = Moments.empty(weight[0].numel(), pooled=anchor.pooled)
    return result


def _adder(moments: Moments):  # type: ignore[no-untyped-def]  # torch's hook type is private
    def add(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        moments.add(module, inputs[0])

    return add


def _run(teacher: Teacher, stream: Stream) -> Iterator[Tensor]:
    for batch in stream:
        with torch.inference_mode():
            logits = teacher.network(batch)
        if not torch.isfinite(logits).all():
            check_activations(teacher.network, batch)
            raise NonFiniteActivation("The teacher's logits are NaN or Inf on these images.")
        yield logits
