"""The allow-list of architectures: which recipes may be built at all."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, ValidationError

from candidates.errors import InvalidDataset, InvalidRecipe
from candidates.recipe import TeacherRecipe
from candidates.value import Value

CIFAR_RESNETS = {f"cifar_resnet{depth}": depth for depth in (20, 32, 44, 56)}
TORCHVISION = frozenset(
    {"resnet18", "resnet34", "resnet50", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"}
)
ARCHITECTURES = TORCHVISION | CIFAR_RESNETS.keys()


class CifarArguments(Value):
    """Arguments of the CIFAR ResNets."""

    num_classes: Annotated[int, Field(ge=2, le=100_000)] = 10
    in_channels: Annotated[int, Field(ge=1, le=64)] = 3


class TorchvisionArguments(Value):
    """Arguments of torchvision's classifiers that a recipe may set."""

    num_classes: Annotated[int, Field(ge=2, le=100_000)] = 1000


def check_recipe(recipe: TeacherRecipe) -> CifarArguments | TorchvisionArguments:
    """The builder's arguments with defaults filled in; InvalidRecipe says what is not allowed."""
    if recipe.architecture not in ARCHITECTURES:
        raise InvalidRecipe(
            f"Architecture '{recipe.architecture}' is not on the allow-list. "
            f"Use one of: {', '.join(sorted(ARCHITECTURES))}."
        )
    arguments = _arguments(recipe)
    channels = getattr(arguments, "in_channels", 3)
    if recipe.input[0] != channels:
        raise InvalidRecipe(
            f"input has {recipe.input[0]} channels but '{recipe.architecture}' takes {channels}."
        )
    if recipe.architecture in TORCHVISION and min(recipe.input[1:]) < 32:
        raise InvalidRecipe(
            f"'{recipe.architecture}' halves its input five times: height and width must be at "
            f"least 32, not {recipe.input[1]} × {recipe.input[2]}."
        )
    return arguments


def check_images(
    recipe: TeacherRecipe, known: int, shape: Sequence[int], num_classes: int
) -> None:
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


def _arguments(recipe: TeacherRecipe) -> CifarArguments | TorchvisionArguments:
    kind = CifarArguments if recipe.architecture in CIFAR_RESNETS else TorchvisionArguments
    try:
        return kind.model_validate(recipe.kwargs)
    except ValidationError as exc:
        first = exc.errors()[0]
        raise InvalidRecipe(
            f"kwargs.{first['loc'][0]} does not suit '{recipe.architecture}': {first['msg']}."
        ) from exc
