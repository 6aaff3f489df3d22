"""CIFAR job: what all measurements on CIFAR-10 with a ResNet-20 teacher have in common."""

import argparse
from pathlib import Path

from candidates.data import Dataset
from candidates.images import ingest
from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.sources.intake import intake
from candidates.teacher import Teacher

RECIPE = TeacherRecipe(
    architecture="cifar_resnet20",
    kwargs={"num_classes": 10},
    input=(3, 32, 32),
    preprocessing=Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
)


def parser(description: str | None) -> argparse.ArgumentParser:
    """Two positions: where the images and where the teacher's weights are."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument(
        "data",
        type=Path,
        help="an archive or folder in ImageFolder layout, torchvision's CIFAR-10 folder, or a "
        ".safetensors file that Dataset.save wrote",
    )
    result.add_argument("teacher", type=Path, help="safetensors weights of a CIFAR ResNet-20")
    return result


def load_dataset(source: Path) -> Dataset:
    """Read or ingest the images."""
    return Dataset.load(source) if source.suffix == ".safetensors" else ingest(source)


def load_teacher(weights: Path) -> Teacher:
    """The ResNet-20 with these weights."""
    return intake(RECIPE, weights)
