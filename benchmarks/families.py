"""Families: one small torchvision classifier of each kind, with made-up weights and images.

Nothing is trained: weights are as initialised, but gains of norms and scales of layers are drawn
at random, and BatchNorms know the images. So no layer is asleep, as in an untrained network.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from candidates.data import Dataset, ImageSet
from candidates.graph.trace import trace
from candidates.recipe import Preprocessing, TeacherRecipe
from candidates.sources.vision import models
from candidates.teacher import Teacher

NUM_CLASSES = 10
CLASSES = tuple(map(str, range(NUM_CLASSES)))
FAMILIES: dict[str, dict[str, object]] = {
    "convnext_tiny": {}, "efficientnet_b0": {}, "mobilenet_v3_small": {}, "mnasnet0_5": {},
    "squeezenet1_1": {}, "shufflenet_v2_x0_5": {}, "resnet18": {}, "alexnet": {}, "vgg11_bn": {},
    "googlenet": {"aux_logits": False, "init_weights": True}, "regnet_y_400mf": {},
    "swin_t": {}, "densenet121": {}, "resnext50_32x4d": {}, "vit_b_16": {"image_size": 64},
}  # fmt: skip


def teacher_of(architecture: str, dataset: Dataset, seed: int) -> Teacher:
    """A teacher with made-up weights for images of 64 × 64."""
    torch.manual_seed(seed)
    network = models.get_model(
        architecture, weights=None, num_classes=NUM_CLASSES, **FAMILIES[architecture]
    )
    awaken(network, dataset.calibration.images[:128].float() / 128 - 1)
    shape = tuple(dataset.calibration.images.shape[1:])
    recipe = TeacherRecipe(
        architecture=architecture,
        kwargs={"num_classes": NUM_CLASSES},
        input=(shape[0], shape[1], shape[2]),
        preprocessing=Preprocessing(mean=(0.5,) * 3, std=(0.5,) * 3),
    )
    traced = trace(network.eval(), shape)
    return Teacher.of(recipe, traced.program, traced.tensors)


def awaken(network: nn.Module, images: Tensor) -> None:
    """Draw the gains of norms and the scales of layers, and let BatchNorms see the images."""
    for name, parameter in network.named_parameters():
        if parameter.numel() == max(parameter.shape) and not name.endswith("bias"):
            nn.init.uniform_(parameter, 0.4, 1.2)
    norms = [each for each in network.modules() if isinstance(each, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    if norms:
        with torch.no_grad():
            network.train()(images)


def images_of(count: int, seed: int, side: int = 64) -> ImageSet:
    """Smooth patches of colour with some noise."""
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.zeros(count, 3, side, side)
    for cells in (2, 5, 13):
        coarse = torch.randn(count, 3, cells, cells, generator=generator)
        pixels += functional.interpolate(coarse, (side, side), mode="bicubic")
    pixels += 0.3 * torch.randn(pixels.shape, generator=generator)
    labels = torch.randint(NUM_CLASSES, (count,), generator=generator)
    return ImageSet((128 + 40 * pixels).clamp(0, 255).to(torch.uint8), labels, CLASSES)
