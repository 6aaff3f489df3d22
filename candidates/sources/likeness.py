"""Likeness: to which architecture weights belong that do not suit their recipe."""

import json
from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import NamedTuple

import torch
from torch import nn

from candidates.errors import InvalidRecipe
from candidates.recipe import TeacherRecipe
from candidates.sources.allowed import ARCHITECTURES

Shapes = Mapping[str, tuple[int, ...]]
Build = Callable[[TeacherRecipe], nn.Module]
ALIKE = 0.5
"""Least share of an architecture's tensors that a file has, for it to be worth naming."""


class Likeness(NamedTuple):
    """How far a file's tensors are those of an architecture that was built for `known` classes.

    `num_classes` is the one number of classes with which all of them would be; `share` counts those
    that are, as part of those of both.
    """

    architecture: str
    known: int | None
    num_classes: int | None
    share: float


def advice(build: Build, recipe: TeacherRecipe, found: Shapes) -> str:
    """What to change of a recipe so that tensors of these shapes suit it, as sentences; "" where
    nothing is known, or where they do.

    The recipe's own architecture is tried first, then those of torchvision and for CIFAR that can
    be built without memory for their weights (the RegNets cannot).
    """
    own = likeness(build, recipe, found)
    if own is not None and own.num_classes is not None:
        return "" if own.num_classes == own.known else _head(own.num_classes)
    best = own
    for other in _others(build, recipe, found):
        if other.num_classes is not None:
            return _name(other)
        best = max(best or other, other, key=lambda each: each.share)
    if best is None or best is own or best.share < ALIKE:
        return ""
    return (
        f"Of the allow-list '{best.architecture}' is nearest: {100 * best.share:.0f} % of the "
        "tensors have its names and shapes."
    )


def likeness(build: Build, recipe: TeacherRecipe, found: Shapes) -> Likeness | None:
    """Of tensors with these shapes to the recipe's architecture; None if that cannot be built."""
    try:
        with torch.device("meta"):
            network = build(recipe)
    except InvalidRecipe:
        return None
    wanted = {name: tuple(values.shape) for name, values in network.state_dict().items()}
    known = recipe.kwargs.get("num_classes")
    if known is None:
        known = ARCHITECTURES[str(recipe.architecture)].arguments().model_dump().get("num_classes")
    same = sum(found.get(name) == shape for name, shape in wanted.items())
    share = same / max(1, len(wanted.keys() | found.keys()))
    return Likeness(str(recipe.architecture), known, _num_classes(wanted, found, known), share)


def _others(build: Build, recipe: TeacherRecipe, found: Shapes) -> Iterator[Likeness]:
    """Those with the most similar names first: most often weights are of the same family."""
    own = recipe.architecture or ""
    names = (name for name, each in ARCHITECTURES.items() if each.library != "timm")
    for name in sorted(names, key=lambda name: -SequenceMatcher(None, own, name).ratio()):
        if name == own:
            continue
        taken = ARCHITECTURES[name].arguments.model_fields
        kwargs = {key: value for key, value in recipe.kwargs.items() if key in taken}
        other = recipe.model_copy(update={"architecture": name, "kwargs": kwargs})
        like = likeness(build, other, _without(found, ARCHITECTURES[name].auxiliary))
        if like is not None:
            yield like


def _without(found: Shapes, auxiliary: tuple[str, ...]) -> Shapes:
    return {name: shape for name, shape in found.items() if not name.startswith(auxiliary)}


def _num_classes(wanted: Shapes, found: Shapes, known: int | None) -> int | None:
    """With how many classes the shapes would be the same: all that differ have them as rows."""
    if wanted.keys() != found.keys():
        return None
    different = [(shape, found[name]) for name, shape in wanted.items() if found[name] != shape]
    if any(not ours or not theirs or ours[1:] != theirs[1:] for ours, theirs in different):
        return None
    if any(ours[0] != known for ours, _ in different):
        return None
    counts = {theirs[0] for _, theirs in different}
    return known if not counts else counts.pop() if len(counts) == 1 else None


def _head(num_classes: int) -> str:
    return f"The file's head has {num_classes} classes: give {_kwargs(num_classes)}."


def _kwargs(num_classes: int | None) -> str:
    return f"kwargs {json.dumps({'num_classes': num_classes})}"


def _name(like: Likeness) -> str:
    head = "" if like.num_classes == like.known else f" with {_kwargs(like.num_classes)}"
    return f"The file looks like '{like.architecture}': give that architecture{head}."
