import pytest
from torch.nn import functional

from tests.candidates.graph.rules.harness import (
    Classifier,
    conv,
    keeps_whole,
    pooled,
    shrinks_exactly,
)

POOLS = {
    "max": lambda value: functional.max_pool2d(value, 2),
    "max with places": lambda value: functional.max_pool2d(value, 2, return_indices=True)[0],
    "average": lambda value: functional.avg_pool2d(value, 3, 2, 1),
    "adaptive average": lambda value: functional.adaptive_avg_pool2d(value, 3),
    "adaptive maximum": lambda value: functional.adaptive_max_pool2d(value, 3),
    "along a line": lambda value: functional.avg_pool1d(value.flatten(2), 4)[..., None],
    "in a volume": lambda value: functional.avg_pool3d(value[:, :, None], (1, 2, 2))[:, :, 0],
    "bilinear": lambda value: functional.interpolate(value, scale_factor=2, mode="bilinear"),
    "nearest": lambda value: functional.interpolate(value, (5, 5)),
    "padded": lambda value: functional.pad(value, (1, 2, 0, 1), value=0.5),
    "reflected": lambda value: functional.pad(value, (1, 2, 0, 1), mode="reflect"),
    "cropped": lambda value: functional.pad(value, (-1, 0, 0, -2)),
}  # fmt: skip


@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
def test_channels_pass_through_what_slides_along_positions(pool):
    net = Classifier(lambda net, x: pooled(pool(net.one(x))), one=conv(3, 6))
    assert shrinks_exactly(net).sizes() == {"one": 6}


def test_channels_that_are_slid_along_stay():
    net = Classifier(
        lambda net, x: functional.avg_pool1d(pooled(net.one(x))[:, None], 3)[:, 0], one=conv(3, 6)
    )
    keeps_whole(net)


def test_a_response_norm_over_channels_keeps_them():
    net = Classifier(
        lambda net, x: pooled(functional.local_response_norm(net.one(x), 3)), one=conv(3, 6)
    )
    keeps_whole(net)


def test_padded_channels_shrink_between_the_edges():
    net = Classifier(
        lambda net, x: pooled(functional.pad(net.one(x), (0, 0, 0, 0, 2, 3))), one=conv(3, 6)
    )
    assert shrinks_exactly(net).sizes() == {"one": 6}


def test_cropped_channels_stay():
    net = Classifier(
        lambda net, x: pooled(functional.pad(net.one(x), (0, 0, 0, 0, -1, 0))), one=conv(3, 6)
    )
    keeps_whole(net)


def test_pixels_shuffled_out_of_channels_leave_whole_channels_free():
    net = Classifier(
        lambda net, x: pooled(functional.pixel_shuffle(net.one(x), 2)), one=conv(3, 12)
    )
    assert shrinks_exactly(net).sizes() == {"one": 3}


def test_pixels_shuffled_into_channels_leave_these_free():
    net = Classifier(
        lambda net, x: pooled(functional.pixel_unshuffle(net.one(x), 2)), one=conv(3, 5)
    )
    assert shrinks_exactly(net).sizes() == {"one": 5}


def test_windows_leave_channels_free():
    net = Classifier(lambda net, x: functional.unfold(net.one(x), 2).mean(2), one=conv(3, 5))
    assert shrinks_exactly(net).sizes() == {"one": 5}


def test_places_that_a_layer_computes_stay_two():
    def body(net, x):
        places = net.places(x).permute(0, 2, 3, 1)
        return pooled(functional.grid_sample(net.one(x), places, align_corners=False))

    found = shrinks_exactly(Classifier(body, one=conv(3, 6), places=conv(3, 2)))
    assert found.sizes() == {"one": 6}
    assert found.reasons("places.bias") == {"Images are looked up by it."}


def test_windows_that_are_added_up_again_leave_channels_free():
    def summed(net, x):
        windows = functional.unfold(net.one(x), 3, padding=1)
        return pooled(functional.fold(windows, x.shape[2:], 3, padding=1))

    assert shrinks_exactly(Classifier(summed, one=conv(3, 6))).sizes() == {"one": 6}
