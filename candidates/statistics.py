"""Statistics: what one pass of the teacher over the calibration images leaves behind."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from candidates.anchors import find_anchors
from candidates.candidate import Estimate
from candidates.checkpoint import Checkpoint
from candidates.data import Dataset, ImageSet
from candidates.finite import checked
from candidates.graph.network import Visit
from candidates.kinds.registry import KINDS
from candidates.memory import peak_mb
from candidates.moments import Moments, Sample
from candidates.noise_inputs import NoiseInputs
from candidates.progress import Progress
from candidates.reading import Reading, full_readings_of, readings_of
from candidates.recipe import LibraryRecipe
from candidates.score import accuracy_of
from candidates.sources.allowed import check_images
from candidates.stream import Stream
from candidates.teacher import Teacher
from candidates.tensors import checkpoint_of, to_torch

log = logging.getLogger(__name__)
FIELDS = ("count", "sum", "products")


@dataclass(frozen=True)
class Statistics:
    """Moments of the inputs of every width's consumers, or of every linear call if a kind of the
    recipe needs them, by call, on calibration images; the teacher's logits [N, num_classes] and
    accuracy (percent) on the scoring images.
    """

    moments: Mapping[str, Moments]
    scoring_logits: Tensor
    teacher_accuracy: Estimate

    def to_checkpoint(self) -> Checkpoint:
        """Everything in one file."""
        tensors = {"scoring_logits": self.scoring_logits}
        for call, moments in self.moments.items():
            tensors[f"{call}/count"] = torch.tensor([moments.count, moments.num_rows])
            tensors[f"{call}/sum"] = moments.input_sum
            tensors[f"{call}/products"] = moments.input_products
        return checkpoint_of(tensors, {"teacher_accuracy": self.teacher_accuracy.model_dump_json()})

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Statistics":
        """Read what `to_checkpoint` made; moments are copied out of it only when asked for."""
        logits = to_torch(checkpoint.tensors["scoring_logits"])
        accuracy = Estimate.model_validate_json(checkpoint.metadata["teacher_accuracy"])
        return cls(_MomentsOf(checkpoint), logits, accuracy)

    @property
    def num_bytes(self) -> int:
        """What the moments take."""
        return sum(each.input_products.nbytes for each in self.moments.values())


class _MomentsOf(Mapping[str, Moments]):
    """The moments in a file, by call."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._tensors = checkpoint.tensors
        self._calls = [
            name.removesuffix("/count") for name in self._tensors if name.endswith("/count")
        ]

    def __getitem__(self, call: str) -> Moments:
        if f"{call}/count" not in self._tensors:
            raise KeyError(call)
        count, total, products = (to_torch(self._tensors[f"{call}/{name}"]) for name in FIELDS)
        known = Moments.empty(0)
        known.count, known.num_rows = count.tolist()
        known.input_sum, known.input_products = total, products
        known.target_sum = total.new_zeros(len(total), 0)
        known.cross_products = total.new_zeros(*total.shape, 0)
        return known

    def __iter__(self) -> Iterator[str]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)


def gather(
    teacher: Teacher, dataset: Dataset, recipe: LibraryRecipe, progress: Progress
) -> Statistics:
    """Stream the images through the teacher once, for all neighbourhoods; nothing is cached.

    Raises InvalidDataset when the images do not fit the teacher, and NonFiniteActivation naming
    the module where NaN or Inf first appears.
    """
    images = dataset.calibration
    shape, num_classes = images.images.shape[1:], len(images.classes)
    check_images(teacher.recipe, teacher.num_classes, shape, num_classes)
    calibration = dataset.calibration.sample(recipe.calibration_images, recipe.seed)
    scoring = dataset.scoring.sample(recipe.scoring_images, recipe.seed)
    moments, add = _empty_moments(teacher, recipe, len(calibration))
    total = len(calibration) + len(scoring)
    done = 0
    for count in _observed(teacher, calibration, recipe, add):
        done += count
        progress(done, total)
    outputs = []
    for logits in _run(teacher, Stream.of(scoring, teacher.recipe.preprocessing, recipe)):
        outputs.append(logits)
        done += len(logits)
        progress(done, total)
    scoring_logits = torch.cat(outputs)
    result = Statistics(moments, scoring_logits, accuracy_of(scoring_logits, scoring.labels))
    log.info(
        "The Grams of %d linear calls take %.0f MiB; the peak so far was %.0f MiB.",
        len(moments), result.num_bytes / 2**20, peak_mb(),
    )  # fmt: skip
    return result


def _observed(
    teacher: Teacher, images: ImageSet, recipe: LibraryRecipe, add: Visit
) -> Iterator[int]:
    """Let `add` see what the calibration images, or in their place noise at the input of every
    neighbourhood, make of the teacher; gives how many images each step was.
    """
    if recipe.inputs != "gaussian":
        stream = Stream.of(images, teacher.recipe.preprocessing, recipe)
        yield from map(len, _run(teacher, stream, add))
        return
    for each in teacher.split.neighbourhoods:
        part = teacher.part(each)
        for batch in NoiseInputs.of(teacher, each, recipe.calibration_images, recipe.seed):
            with torch.inference_mode():
                add(each.input, batch)
                (output,) = part.values(batch, [each.output], _without(each.output, add))
            checked(part, batch, output)
            yield 0
    yield len(images)


def _without(output: str, add: Visit) -> Visit:
    """A visit that does not see the output, where the next neighbourhood gets noise of its own."""
    return lambda name, value: None if name == output else add(name, value)


def _empty_moments(
    teacher: Teacher, recipe: LibraryRecipe, num_images: int
) -> tuple[dict[str, Moments], Visit]:
    """Moments without rows by call, and what adds to them while the teacher runs."""
    needs_all = any(KINDS[kind].grams == "all" for kind in recipe.kinds)
    moments: dict[str, Moments] = {}
    by_source: dict[str, list[Reading]] = {}
    for neighbourhood in teacher.split.neighbourhoods:
        part = teacher.part(neighbourhood)
        others = full_readings_of(teacher.network, part) if needs_all else {}
        readings = {**others, **readings_of(part, teacher.layout, neighbourhood)}
        calls = [reading.call for reading in readings.values()]
        for reading, anchor in zip(readings.values(), find_anchors(part, calls), strict=True):
            by_source.setdefault(reading.call.source, []).append(reading)
            moments[reading.call.name] = Moments.empty(
                reading.num_columns,
                pooled=anchor.pooled,
                groups=reading.call.groups,
                sample=Sample.of(reading.num_columns, num_images, recipe.seed),
            )

    def add(name: str, value: Any) -> None:
        for reading in by_source.get(name, ()):
            moments[reading.call.name].add(reading, value)

    return moments, add


def _run(teacher: Teacher, stream: Stream, visit: Visit | None = None) -> Iterator[Tensor]:
    output = teacher.network.program.output
    for batch in stream:
        with torch.inference_mode():
            if visit is not None:
                visit(teacher.network.program.input, batch)
            (logits,) = teacher.network.values(batch, [output], visit)
        yield checked(teacher.network, batch, logits)
