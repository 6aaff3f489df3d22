"""Case: one architecture taken through all that a teacher and its students go through."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.coverage_entry import Entry
from candidates.assembly import Description, assemble
from candidates.candidate import Kept
from candidates.checkpoint import Checkpoint
from candidates.graph.follow import follow
from candidates.graph.network import Network
from candidates.graph.split import Splitter
from candidates.graph.trace import BATCH_SIZE, Traced, trace
from candidates.library import candidate_checkpoint
from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.sources.architectures import build
from candidates.student import build_student, student_checkpoint
from candidates.teacher import Teacher

STUDENT, EXPECTED = "student.safetensors", "expected.pt"
NUM_CLASSES = 1000
NUM_STEPS = 3
_SMALLER = {
    "timm/deepseek_vit_412m": 224, "timm/gemma4_vit_167m": 384, "timm/mobilenetv5_300m": 384,
    "timm/qwen3_vit_88m": 384, "timm/sam2_hiera_tiny": 448,
}  # fmt: skip
"""Sides below the usual ones, which would make the run several times as long."""
_TORCHVISION = {"inception_v3": 299}


def input_of(architecture: str) -> tuple[int, int, int]:
    """Channels, height and width that published weights expect, as a rule."""
    library, _, name = architecture.rpartition("/")
    if architecture in _SMALLER:
        return (3, _SMALLER[architecture], _SMALLER[architecture])
    if library == "timm":
        from candidates.sources.timm_models import usual_input  # optional

        return usual_input(name)
    side = _TORCHVISION.get(name, 224)
    return (3, side, side)


def recipe_of(architecture: str) -> TeacherRecipe:
    """For a thousand classes."""
    return TeacherRecipe(
        architecture=architecture,
        kwargs={"num_classes": NUM_CLASSES},
        input=input_of(architecture),
        preprocessing=Preprocessing(mean=(0.5,) * 3, std=(0.5,) * 3),
    )


def images_of(recipe: TeacherRecipe, count: int = 2, seed: int = 3) -> Tensor:
    """Noise [N, C, H, W]."""
    return torch.randn(count, *recipe.input, generator=torch.Generator().manual_seed(seed))


def awake(recipe: TeacherRecipe) -> nn.Module:
    """The recipe's network in eval mode with random weights that all matter: what starts as zeros
    or ones is drawn, and BatchNorms have seen images.
    """
    torch.manual_seed(0)
    network = build(recipe)
    with torch.no_grad():
        for parameter in network.parameters():
            if (parameter == parameter.flatten()[0]).all():
                parameter.add_(torch.rand(parameter.shape), alpha=0.1)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    if norms:
        with torch.no_grad():
            network.train()(images_of(recipe, count=4))
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    return network.eval()


class Case:
    """`run` gives the entry. The shrunk student's file and what it computes lie in `folder`
    afterwards, for a process that never saw the architecture.
    """

    network: nn.Module
    traced: Traced
    teacher: Teacher
    student: Network

    def __init__(self, architecture: str, folder: Path) -> None:
        self.architecture = architecture
        self.folder = folder
        self.figures: dict[str, Any] = {}

    def run(self) -> Entry:
        """Everything, or as far as it goes."""
        steps = (
            self._build, self._trace, self._split, self._keep_all, self._halve, self._train,
            self._save,
        )  # fmt: skip
        for step in steps:
            reason = attempt(step)
            if reason is not None:
                self.figures["reason"] = reason
                break
        return Entry(architecture=self.architecture, **self.figures)

    def _build(self) -> None:
        self.recipe = recipe_of(self.architecture)
        self.network = awake(self.recipe)
        self.images = images_of(self.recipe)
        count = sum(parameter.numel() for parameter in self.network.parameters())
        self.figures |= {"input": self.recipe.input, "num_parameters": count}
        torch.backends.mha.set_fastpath_enabled(False)
        with torch.inference_mode():
            self.logits = self.network(self.images)

    def _trace(self) -> None:
        start = time.process_time()
        self.traced = trace(self.network, self.recipe.input)
        self.figures["trace_s"] = _seconds_since(start)

    def _split(self) -> None:
        program, tensors = self.traced
        start = time.process_time()
        axes = follow(program, tensors, (BATCH_SIZE, *self.recipe.input))
        Splitter(program, tensors, axes).split()
        self.figures["split_s"] = _seconds_since(start)
        self.teacher = Teacher.of(self.recipe, program, tensors)
        self.teacher.check()
        found = self.teacher.split
        self.figures |= {
            "num_neighbourhoods": len(found.neighbourhoods),
            "coverage": round(found.coverage, 4),
            "shrinkable": round(found.shrinkable, 4),
            "unknown_operators": found.unknown_operators,
        }

    def _keep_all(self) -> None:
        student = build_student(self._assembled(1.0))
        with torch.inference_mode():
            same = torch.equal(student(self.images), self.logits)
        self.figures["equal_at_one"] = same
        self.figures["names_kept"] = _names_kept(student, self.network)
        if not same:
            raise ArithmeticError("The student of all widths does not equal the teacher.")

    def _halve(self) -> None:
        self.student = build_student(self._assembled(0.5))
        count = sum(parameter.numel() for parameter in self.student.parameters())
        self.figures["parameters_left"] = round(count / self.figures["num_parameters"], 4)
        with torch.inference_mode():
            _check_logits(self.student(self.images), self.logits)
        self.figures["runs"] = True

    def _train(self) -> None:
        student = self.student.train()
        optimiser = torch.optim.SGD(student.parameters(), lr=1e-4, momentum=0.9)
        for _ in range(NUM_STEPS):
            logits = student(self.images)
            _check_logits(logits, self.logits)
            optimiser.zero_grad()
            functional.cross_entropy(logits, torch.arange(len(logits))).backward()
            optimiser.step()
        self.figures["trains"] = True

    def _save(self) -> None:
        student = self.student.eval()
        with torch.inference_mode():
            logits = student(self.images)
        _check_logits(logits, self.logits)
        file = student_checkpoint(student, Description(recipe=self.recipe))
        (self.folder / STUDENT).write_bytes(file.to_bytes())
        torch.save({"images": self.images, "logits": logits}, self.folder / EXPECTED)

    def _assembled(self, multiplier: float) -> Checkpoint:
        """The student's file with every width at one multiplier, nothing solved."""
        kept: Kept = {}
        parts = []
        for neighbourhood in self.teacher.split.neighbourhoods:
            here = {w.name: _spread_out(w.size, multiplier) for w in neighbourhood.widths}
            parts.append(candidate_checkpoint(self.teacher.narrowed(neighbourhood, here)))
            kept |= here
        return assemble(self.teacher.checkpoint, parts, kept, {})


def attempt(step: Callable[..., object], *arguments: object) -> str | None:
    """Why a step failed; None if it did not."""
    try:
        step(*arguments)
    except Exception as exc:  # noqa: BLE001 — whatever it is, it belongs into the report
        first = next(iter(str(exc).strip().splitlines()), "")
        return f"{step.__name__.strip('_')}: {type(exc).__name__}: {first[:300]}"
    return None


def reloads_alike(folder: Path) -> bool:
    """Whether the student's file alone computes what the student did, in both modes."""
    expected: Mapping[str, Tensor] = torch.load(folder / EXPECTED, weights_only=True)
    student = build_student(Checkpoint.read(folder / STUDENT))
    with torch.inference_mode():
        same = torch.equal(student(expected["images"]), expected["logits"])
        _check_logits(student.train()(expected["images"]), expected["logits"])
    return same


def _spread_out(size: int, multiplier: float) -> tuple[int, ...]:
    count = max(1, round(size * multiplier))
    return tuple(index * size // count for index in range(count))


def _check_logits(found: Tensor, like: Tensor) -> None:
    if found.shape != like.shape:
        raise ArithmeticError(f"Logits are {list(found.shape)} instead of {list(like.shape)}.")
    if not torch.isfinite(found).all():
        raise ArithmeticError("Logits are NaN or Inf.")


def _names_kept(student: Network, network: nn.Module) -> bool:
    """Whether every parameter goes by its name, or by one of its names where it has several."""
    kept = {name for name, _ in student.named_parameters()}
    names: dict[int, set[str]] = {}
    for name, parameter in network.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), set()).add(name)
    known = set().union(*names.values())
    return kept <= known and all(kept & several for several in names.values())


def _seconds_since(start: float) -> float:
    return round(time.process_time() - start, 2)
