"""Arguments: what recipes may tell the builders of architectures."""

from typing import Annotated

from pydantic import Field

from candidates.recipe import Channels, Side
from candidates.value import Value

Classes = Annotated[int, Field(ge=2, le=100_000)]


class Arguments(Value):
    """What every builder takes."""

    num_classes: Classes = 1000

    def channels(self) -> int:
        """Of the images that the network takes."""
        return 3

    def side(self) -> int | None:
        """Height and width of the images that the network takes, if it was told."""
        return None


class CifarArguments(Arguments):
    """Of the CIFAR ResNets."""

    num_classes: Classes = 10
    in_channels: Channels = 3

    def channels(self) -> int:
        """Of the images that the network takes."""
        return self.in_channels


class InceptionArguments(Arguments):
    """Of classifiers that may turn torchvision's normalisation of images into their own, as the
    published weights need it.
    """

    transform_input: bool = False


class SizedArguments(Arguments):
    """Of torchvision's classifiers for one size of images; left out, it is the input's."""

    image_size: Side | None = None

    def side(self) -> int | None:
        """Height and width of the images that the network takes, if it was told."""
        return self.image_size


class TimmArguments(Arguments):
    """Of timm's classifiers for any size of images."""

    in_chans: Channels = 3

    def channels(self) -> int:
        """Of the images that the network takes."""
        return self.in_chans


class SizedTimmArguments(TimmArguments):
    """Of timm's classifiers for one size of images; left out, it is the input's."""

    img_size: Side | None = None

    def side(self) -> int | None:
        """Height and width of the images that the network takes, if it was told."""
        return self.img_size
