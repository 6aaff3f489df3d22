"""Rules of operators that pool or resize the positions of images."""

from collections.abc import Mapping, Sequence

import numpy as np

from candidates.errors import NotExportable
from candidates.export.to_onnx.element_wise import Rule
from candidates.export.to_onnx.graph import Graph, Ref
from candidates.export.to_onnx.linear import full


def max_pool(dims: int) -> Rule:
    """A rule for the largest number of every window over so many dimensions."""

    def rule(
        graph: Graph, x: Ref, kernel: Sequence[int], stride: Sequence[int] = (),
        padding: Sequence[int] = (0,), dilation: Sequence[int] = (1,), ceil_mode: bool = False,
    ) -> Ref:  # fmt: skip
        return graph.add(
            "MaxPool", x, kernel_shape=full(kernel, dims), strides=full(stride or kernel, dims),
            pads=full(padding, dims) * 2, dilations=full(dilation, dims),
            ceil_mode=int(ceil_mode),
        )  # fmt: skip

    return rule


def avg_pool(dims: int) -> Rule:
    """A rule for the mean of every window over so many dimensions."""

    def rule(
        graph: Graph, x: Ref, kernel: Sequence[int], stride: Sequence[int] = (),
        padding: Sequence[int] = (0,), ceil_mode: bool = False, include_pad: bool = True,
        divisor: int | None = None,
    ) -> Ref:  # fmt: skip
        if divisor is not None:
            raise NotExportable("A mean with a divisor of its own cannot be written as ONNX.")
        return graph.add(
            "AveragePool", x, kernel_shape=full(kernel, dims),
            strides=full(stride or kernel, dims), pads=full(padding, dims) * 2,
            ceil_mode=int(ceil_mode), count_include_pad=int(include_pad),
        )  # fmt: skip

    return rule


def adaptive_avg_pool(dims: int) -> Rule:
    """A rule for means of windows that give so many positions, over so many dimensions."""

    def rule(graph: Graph, x: Ref, output: Sequence[int]) -> Ref:
        wanted, sides = full(output, dims), x.shape[-dims:]
        if set(wanted) == {1}:
            return graph.add("GlobalAveragePool", x)
        for axis, (many, side) in enumerate(zip(wanted, sides, strict=True), start=x.rank - dims):
            if many != side:
                x = _averaged(graph, x, axis, many)
        return x

    return rule


def adaptive_max_pool(graph: Graph, x: Ref, output: Sequence[int]) -> tuple[Ref, ...]:
    """The largest numbers of windows that give so many positions."""
    wanted, sides = full(output, 2), x.shape[-2:]
    if any(side % many for many, side in zip(wanted, sides, strict=True)):
        raise NotExportable(
            f"Adaptive max pooling from {sides} to {tuple(wanted)} positions has windows of "
            "several sizes, which ONNX does not know."
        )
    kernel = [side // many for many, side in zip(wanted, sides, strict=True)]
    return (graph.add("MaxPool", x, kernel_shape=kernel, strides=kernel),)


def nearest(graph: Graph, x: Ref, output: Sequence[int] | None, *scales: object) -> Ref:
    """Resized to the position before."""
    return _resized(
        graph, x, output, scales, mode="nearest", coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )  # fmt: skip


def interpolated(mode: str, antialias: int = 0) -> Rule:
    """A rule for resizing by lines or cubics."""

    def rule(
        graph: Graph, x: Ref, output: Sequence[int] | None, corners: bool, *scales: object
    ) -> Ref:
        where = "align_corners" if corners else "half_pixel"
        return _resized(
            graph, x, output, scales, mode=mode, coordinate_transformation_mode=where,
            antialias=antialias, cubic_coeff_a=-0.5 if antialias else -0.75,
        )  # fmt: skip

    return rule


def grid_sampled(graph: Graph, x: Ref, grid: Ref, mode: int, padding: int, corners: bool) -> Ref:
    """Images read at the positions of a grid."""
    return graph.add(
        "GridSample", x, grid, mode=("linear", "nearest", "cubic")[mode],
        padding_mode=("zeros", "border", "reflection")[padding], align_corners=int(corners),
    )  # fmt: skip


def windows(
    graph: Graph, x: Ref, kernel: Sequence[int], dilation: Sequence[int],
    padding: Sequence[int], stride: Sequence[int],
) -> Ref:  # fmt: skip
    """Every window as a column: a convolution whose kernels each hold a single one."""
    sides, channels = full(kernel, 2), x.shape[1]
    size = int(np.prod(sides))
    ones = np.tile(np.eye(size).reshape(size, 1, *sides), (channels, 1, 1, 1))
    found = graph.add(
        "Conv", x, graph.like(ones, x), kernel_shape=sides, group=channels,
        strides=full(stride, 2), pads=full(padding, 2) * 2, dilations=full(dilation, 2),
    )  # fmt: skip
    return graph.add("Reshape", found, graph.constant([0, channels * size, -1]))


def from_windows(
    graph: Graph, x: Ref, output: Sequence[int], kernel: Sequence[int],
    dilation: Sequence[int], padding: Sequence[int], stride: Sequence[int],
) -> Ref:  # fmt: skip
    """Columns added up where their windows lay."""
    return graph.add(
        "Col2Im", x, graph.constant(list(output)), graph.constant(full(kernel, 2)),
        strides=full(stride, 2), pads=full(padding, 2) * 2, dilations=full(dilation, 2),
    )  # fmt: skip


def _averaged(graph: Graph, x: Ref, axis: int, many: int) -> Ref:
    """Means along one axis, of windows that may overlap: a product with a matrix."""
    side = x.shape[axis]
    matrix = np.zeros((side, many))
    for at in range(many):
        first, last = at * side // many, -(-(at + 1) * side // many)
        matrix[first:last, at] = 1 / (last - first)
    if axis == x.rank - 1:
        return graph.add("MatMul", x, graph.like(matrix, x))
    return graph.add("MatMul", graph.like(matrix.T, x), x)


def _resized(
    graph: Graph, x: Ref, output: Sequence[int] | None, scales: Sequence[object],
    **attributes: object,
) -> Ref:  # fmt: skip
    sides = x.shape[2:]
    axes = list(range(2, x.rank))
    if output is None:
        (factors,) = scales
        assert isinstance(factors, tuple), "one of both is given"
        output = [int(side * by) for side, by in zip(sides, factors, strict=True)]
    sizes = graph.constant(list(output))
    return graph.add("Resize", x, None, None, sizes, axes=axes, **attributes)


RULES: Mapping[str, Rule] = {
    "max_pool1d.default": max_pool(1), "max_pool2d.default": max_pool(2),
    "avg_pool1d.default": avg_pool(1), "avg_pool2d.default": avg_pool(2),
    "avg_pool3d.default": avg_pool(3),
    "adaptive_avg_pool1d.default": adaptive_avg_pool(1),
    "adaptive_avg_pool2d.default": adaptive_avg_pool(2),
    "adaptive_max_pool2d.default": adaptive_max_pool,
    "upsample_nearest2d.vec": nearest, "upsample_nearest2d.default": nearest,
    "upsample_bilinear2d.vec": interpolated("linear"),
    "upsample_bilinear2d.default": interpolated("linear"),
    "upsample_bicubic2d.vec": interpolated("cubic"),
    "upsample_bicubic2d.default": interpolated("cubic"),
    "_upsample_bilinear2d_aa.vec": interpolated("linear", antialias=1),
    "_upsample_bicubic2d_aa.vec": interpolated("cubic", antialias=1),
    "grid_sampler.default": grid_sampled, "im2col.default": windows,
    "col2im.default": from_windows,
}  # fmt: skip
