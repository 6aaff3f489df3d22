"""Intake: from a file that somebody posted to the teacher's own file."""

from dataclasses import replace
from pathlib import Path

from candidates.assembly import METADATA_KEY, PROGRAM_KEY, description_of, program_of
from candidates.checkpoint import Checkpoint
from candidates.errors import InvalidProgram
from candidates.graph.axes import size_of
from candidates.graph.follow import shapes_of
from candidates.graph.trace import BATCH_SIZE, Traced, trace
from candidates.recipe import TeacherRecipe
from candidates.sources.architectures import build
from candidates.sources.fit import load_weights
from candidates.sources.kinds import check_architecture, kind_of
from candidates.sources.sandbox import read_foreign
from candidates.teacher import Teacher, check_fit, teacher_checkpoint
from candidates.tensors import state_of


def intake(recipe: TeacherRecipe, path: Path) -> Teacher:
    """The checked teacher in a posted file, whose `checkpoint` is its own file.

    The file is safetensors or a state dict for the recipe's architecture, an exported program
    (.pt2), or safetensors with a program, such as a student's; the last two bring their own
    network, so that the recipe names no architecture. Foreign formats are read in a sandbox.

    Raises InvalidRecipe, InvalidCheckpoint (naming the first key that is wrong), InvalidProgram,
    NonFiniteActivation, UnsplittableTeacher.
    """
    kind = kind_of(path)
    file = (
        Checkpoint.read(path) if kind == "safetensors" else read_foreign(kind, path, recipe.input)
    )
    brings_program = PROGRAM_KEY in file.metadata
    check_architecture(recipe, kind, brings_program)
    traced = _own_program(recipe, file) if brings_program else _built(recipe, file)
    teacher = Teacher.of(recipe, traced.program, traced.tensors)
    teacher.check()
    return teacher if recipe.architecture else _with_num_classes(teacher)


def _with_num_classes(teacher: Teacher) -> Teacher:
    """What a builder's argument tells of the others: how many classes the network knows."""
    terms = teacher.layout.axes.value(teacher.network.program.output)
    recipe = teacher.recipe.model_copy(update={"kwargs": {"num_classes": size_of(terms[-1])}})
    program, tensors = teacher.network.program, teacher.network.tensors()
    checkpoint = teacher_checkpoint(recipe, program, tensors)
    return replace(teacher, recipe=recipe, checkpoint=checkpoint)


def _own_program(recipe: TeacherRecipe, file: Checkpoint) -> Traced:
    program = program_of(file)
    check_fit(program, file)
    tensors = state_of(file)
    try:
        shapes_of(program, tensors, (BATCH_SIZE, *recipe.input))
    except RuntimeError as exc:  # what operators raise where shapes do not fit
        first = next(iter(str(exc).splitlines()), "").rstrip(".")
        raise InvalidProgram(
            f"The network in the file does not take images of {_sides(recipe)} (channels × height "
            f"× width), as recipe.input says{_described(file)}: {first}. Say the size that it was "
            "trained for."
        ) from exc
    return Traced(program, tensors)


def _described(file: Checkpoint) -> str:
    """The size that a file of our own making names itself."""
    if METADATA_KEY not in file.metadata:
        return ""
    return f"; the file names {_sides(description_of(file).recipe)}"


def _sides(recipe: TeacherRecipe) -> str:
    return " × ".join(map(str, recipe.input))


def _built(recipe: TeacherRecipe, file: Checkpoint) -> Traced:
    network = load_weights(build, recipe, file)
    return trace(network, recipe.input)
