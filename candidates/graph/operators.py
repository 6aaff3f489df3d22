"""Operators: the pure ATen operators that a program may call, named `operator.overload`.

None of them writes to its arguments, opens a file or depends on anything but its arguments and,
for dropout, the random generator. `getitem` takes one value out of a list of them.
"""

UNARY = frozenset({
    "abs.default", "acos.default", "asin.default", "atan.default", "ceil.default",
    "celu.default", "clone.default", "contiguous.default", "cos.default", "elu.default",
    "erf.default", "exp.default", "expm1.default", "floor.default", "gelu.default",
    "hardsigmoid.default", "hardswish.default", "hardtanh.default", "leaky_relu.default",
    "log.default", "log1p.default", "log2.default", "log_sigmoid.default",
    "logical_not.default", "mish.default", "neg.default", "reciprocal.default", "relu.default",
    "relu6.default", "round.default", "rsqrt.default", "selu.default", "sigmoid.default",
    "sign.default", "silu.default", "sin.default", "softplus.default", "sqrt.default",
    "square.default", "tan.default", "tanh.default", "alias.default", "detach.default",
    "zero.default", "hardshrink.default", "softshrink.default", "threshold.default",
    "logit.default", "nan_to_num.default", "positive.default", "clamp.default",
    "clamp_min.default", "clamp_max.default",
})  # fmt: skip
CONVERSIONS = frozenset({
    "to.dtype", "to.dtype_layout", "to.other", "_to_copy.default", "type_as.default",
    "lift_fresh_copy.default",
})  # fmt: skip
BINARY = frozenset({
    "add.Tensor", "add.Scalar", "sub.Tensor", "sub.Scalar", "rsub.Scalar", "mul.Tensor",
    "mul.Scalar", "div.Tensor", "div.Scalar", "div.Tensor_mode", "pow.Tensor_Scalar",
    "pow.Tensor_Tensor", "maximum.default", "minimum.default", "where.self", "where.ScalarOther",
    "where.ScalarSelf", "where.Scalar", "masked_fill.Scalar", "masked_fill.Tensor", "eq.Scalar",
    "eq.Tensor", "ne.Scalar", "ne.Tensor", "lt.Scalar", "lt.Tensor", "le.Scalar", "le.Tensor",
    "gt.Scalar", "gt.Tensor", "ge.Scalar", "ge.Tensor", "logical_and.default",
    "logical_or.default", "lerp.Scalar", "lerp.Tensor", "addcmul.default", "remainder.Scalar",
    "floor_divide.default", "bitwise_and.Tensor", "bitwise_or.Tensor", "bitwise_not.default",
    "prelu.default", "clamp.Tensor", "clamp_min.Tensor", "clamp_max.Tensor", "atan2.default",
    "copy.default", "fill.Scalar", "fill.Tensor",
})  # fmt: skip
CONVOLUTIONS = frozenset({"conv1d.default", "conv1d.padding", "conv2d.default", "conv2d.padding"})
WEIGHTED = CONVOLUTIONS | frozenset({
    "conv3d.default",
    "conv_transpose2d.input", "linear.default", "addmm.default", "mm.default", "bmm.default",
    "baddbmm.default", "matmul.default", "einsum.default", "embedding.default", "dot.default",
    "scaled_dot_product_attention.default", "bilinear.default", "lstm.input", "gru.input",
})  # fmt: skip
NORMS = frozenset({
    "batch_norm.default", "layer_norm.default", "group_norm.default", "instance_norm.default",
    "rms_norm.default", "linalg_vector_norm.default",
    "norm.ScalarOpt_dim", "softmax.int", "_softmax.default", "log_softmax.int",
})  # fmt: skip
NOISE = frozenset({"dropout.default", "feature_dropout.default", "alpha_dropout.default"})
POOLS = frozenset({
    "max_pool2d.default", "avg_pool2d.default", "adaptive_avg_pool2d.default",
    "adaptive_max_pool2d.default", "adaptive_avg_pool1d.default", "avg_pool1d.default",
    "max_pool1d.default", "max_pool2d_with_indices.default", "avg_pool3d.default",
    "upsample_bilinear2d.vec", "upsample_nearest2d.vec", "upsample_bicubic2d.vec",
    "upsample_bilinear2d.default", "upsample_nearest2d.default", "upsample_bicubic2d.default",
    "_upsample_bilinear2d_aa.vec", "_upsample_bicubic2d_aa.vec", "grid_sampler.default",
})  # fmt: skip
REDUCTIONS = frozenset({
    "mean.default", "mean.dim", "sum.default", "sum.dim_IntList", "amax.default", "amin.default",
    "var.correction", "var.dim", "std.correction", "std.dim", "prod.dim_int", "max.dim", "min.dim",
    "logsumexp.default", "cumsum.default", "argmax.default", "var_mean.correction", "all.dim",
    "any.dim", "topk.default", "sort.default", "argsort.default", "var.default", "std.default",
    "max.default", "min.default", "norm.Scalar",
})  # fmt: skip
SHAPES = frozenset({
    "view.default", "reshape.default", "_unsafe_view.default", "flatten.using_ints",
    "unflatten.int", "permute.default", "transpose.int", "t.default", "expand.default",
    "expand_as.default", "repeat.default", "repeat_interleave.self_int", "squeeze.default",
    "squeeze.dim", "squeeze.dims", "unsqueeze.default", "pad.default", "constant_pad_nd.default",
    "roll.default", "flip.default", "pixel_shuffle.default", "pixel_unshuffle.default",
    "channel_shuffle.default", "im2col.default", "col2im.default", "unfold.default", "cat.default",
    "stack.default",
    "split.Tensor", "split_with_sizes.default", "split.sizes", "chunk.default", "unbind.int",
    "select.int", "slice.Tensor", "narrow.default", "index.Tensor", "index_select.default",
    "gather.default", "movedim.int", "movedim.intlist", "swapaxes.default", "meshgrid.indexing",
    "reflection_pad2d.default", "replication_pad2d.default", "meshgrid.default", "tril.default",
    "triu.default", "broadcast_to.default", "view_as.default", "reshape_as.default",
    "tile.default", "numpy_T.default", "mT.default", "diagonal.default", "unsafe_split.Tensor",
    "unsafe_chunk.default", "glu.default", "rot90.default", "slice_scatter.default",
    "select_scatter.default",
})  # fmt: skip
MAKERS = frozenset({
    "zeros.default", "ones.default", "full.default", "arange.default", "arange.start",
    "arange.start_step", "linspace.default", "eye.default", "scalar_tensor.default",
})  # fmt: skip
"""Those that read no tensor: where their result lies has to be said."""
LIKES = frozenset({
    "new_zeros.default", "new_ones.default", "new_full.default", "new_empty.default",
    "zeros_like.default", "ones_like.default", "full_like.default", "one_hot.default",
})  # fmt: skip
OPERATORS = frozenset().union(
    UNARY, CONVERSIONS, BINARY, WEIGHTED, NORMS, NOISE, POOLS, REDUCTIONS, SHAPES, MAKERS, LIKES,
    {"getitem"},
)  # fmt: skip
"""Everything that a program may call."""
