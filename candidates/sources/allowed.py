"""The allow-list of architectures: which recipes may be built at all."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import chain
from typing import Literal, NamedTuple

from pydantic import ValidationError

from candidates.complaint import Complaint
from candidates.errors import InvalidDataset, InvalidRecipe
from candidates.recipe import TeacherRecipe
from candidates.sources import arguments as kinds
from candidates.sources.arguments import Arguments
from candidates.sources.families import TIMM_ANY_SIZE, TIMM_ONE_SIZE, TORCHVISION


class Architecture(NamedTuple):
    """One builder: the library that has it, its name there, and what it takes.

    `size` names the builder's argument for the height and width of images, "" where it has none.
    These are at least `smallest` and multiples of `multiple`. Weights whose names start with one
    of `auxiliary` belong to heads that only help training.
    """

    library: Literal["cifar", "torchvision", "timm"]
    name: str
    arguments: type[Arguments]
    size: Literal["", "image_size", "input_size", "img_size"] = ""
    smallest: int = 32
    multiple: int = 1
    auxiliary: tuple[str, ...] = ()


CIFAR_RESNETS = {f"cifar_resnet{depth}": depth for depth in (20, 32, 44, 56)}
_BY_FAMILY = {
    "alexnet": Architecture("torchvision", "", Arguments, smallest=63),
    "googlenet": Architecture(
        "torchvision", "", kinds.InceptionArguments, auxiliary=("aux1.", "aux2.")
    ),
    "inception": Architecture(
        "torchvision", "", kinds.InceptionArguments, smallest=75, auxiliary=("AuxLogits.",)
    ),
    "maxvit": Architecture("torchvision", "", kinds.SizedArguments, "input_size", multiple=224),
    "vit": Architecture("torchvision", "", kinds.SizedArguments, "image_size"),
}
_PATCHES = {"vit_b_16": 16, "vit_b_32": 32, "vit_l_16": 16, "vit_l_32": 32, "vit_h_14": 14}


def _architectures() -> Iterator[tuple[str, Architecture]]:
    for name in CIFAR_RESNETS:
        yield name, Architecture("cifar", name, kinds.CifarArguments, smallest=1)
    for family, names in TORCHVISION.items():
        usual = _BY_FAMILY.get(family, Architecture("torchvision", "", Arguments))
        for name in names:
            yield name, usual._replace(name=name, multiple=_PATCHES.get(name, usual.multiple))
    for name in chain.from_iterable(TIMM_ANY_SIZE.values()):
        yield f"timm/{name}", Architecture("timm", name, kinds.TimmArguments)
    for name in chain.from_iterable(TIMM_ONE_SIZE.values()):
        yield f"timm/{name}", Architecture("timm", name, kinds.SizedTimmArguments, "img_size")


ARCHITECTURES = dict(_architectures())
"""By the names that recipes give them."""


def check_recipe(recipe: TeacherRecipe) -> Arguments:
    """The builder's arguments with defaults filled in; InvalidRecipe says what is not allowed."""
    architecture = ARCHITECTURES.get(recipe.architecture or "")
    if architecture is None:
        raise InvalidRecipe(_unknown(recipe.architecture or ""))
    arguments = _arguments(recipe, architecture)
    _check_input(recipe, architecture, arguments)
    return arguments


def check_images(recipe: TeacherRecipe, known: int, shape: Sequence[int], num_classes: int) -> None:
    """Raises InvalidDataset when a network that knows so many classes cannot take images [C, H, W]
    like these.
    """
    found, wanted = (" × ".join(map(str, sides)) for sides in (shape, recipe.input))
    if found != wanted:
        raise InvalidDataset(
            f"The images are {found} but the network takes {wanted} (channels × height × width)."
        )
    if num_classes > known:
        raise InvalidDataset(
            f"The images have {num_classes} classes but the network knows {known}."
        )


def _unknown(name: str) -> str:
    near = get_close_matches(name, ARCHITECTURES, n=5, cutoff=0.5)
    others = f"The nearest are: {', '.join(near)}. " if near else ""
    return (
        f"Architecture '{name}' is not on the allow-list. {others}"
        f"It holds {', '.join(CIFAR_RESNETS)}, every classifier of torchvision, such as resnet50, "
        "and many of timm, such as timm/convnext_atto; any other network can be sent as a .pt2 "
        "file of torch.export.save."
    )


def _arguments(recipe: TeacherRecipe, architecture: Architecture) -> Arguments:
    try:
        return architecture.arguments.model_validate(recipe.kwargs)
    except ValidationError as exc:
        where, why = Complaint.of(exc)
        taken = ", ".join(architecture.arguments.model_fields)
        raise InvalidRecipe(
            f"kwargs.{where} does not suit '{recipe.architecture}': {why}. "
            f"Its builder takes {taken}."
        ) from exc


def _check_input(recipe: TeacherRecipe, architecture: Architecture, arguments: Arguments) -> None:
    name, (channels, height, width) = recipe.architecture, recipe.input
    found = f"{height} × {width}"
    if channels != arguments.channels():
        raise InvalidRecipe(
            f"input has {channels} channels but '{name}' takes {arguments.channels()}."
        )
    if min(height, width) < architecture.smallest:
        raise InvalidRecipe(
            f"'{name}' takes images whose height and width are at least {architecture.smallest}, "
            f"not {found}."
        )
    if height % architecture.multiple or width % architecture.multiple:
        raise InvalidRecipe(
            f"'{name}' takes images whose height and width are multiples of "
            f"{architecture.multiple}, not {found}."
        )
    if arguments.side() not in (None, height) or arguments.side() not in (None, width):
        raise InvalidRecipe(
            f"kwargs ask for a network for images of {arguments.side()} × {arguments.side()}, but "
            f"input is {found}."
        )
    if architecture.size == "image_size" and height != width:
        raise InvalidRecipe(f"'{name}' takes square images, not {found}.")
