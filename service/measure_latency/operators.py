"""Operators: what a program may call, and the names that its tensors and constants have.

The same as `candidates.graph.operators`, which is not there where this runs.
"""

from __future__ import annotations

DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
    "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
}  # fmt: skip
CONSTANTS = {
    "bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "strided",
    "contiguous_format", "preserve_format", "channels_last",
}  # fmt: skip
MAKERS = {
    "zeros.default", "ones.default", "full.default", "arange.default", "arange.start",
    "arange.start_step", "linspace.default", "eye.default", "scalar_tensor.default",
}  # fmt: skip
PURE = """
    _softmax _to_copy _unsafe_view _upsample_bicubic2d_aa:vec _upsample_bilinear2d_aa:vec abs
    acos adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool2d add:Scalar,Tensor addcmul
    addmm alias all:dim alpha_dropout amax amin any:dim arange:default,start,start_step argmax
    argsort asin atan atan2 avg_pool1d avg_pool2d avg_pool3d baddbmm batch_norm bilinear
    bitwise_and:Tensor bitwise_not bitwise_or:Tensor bmm broadcast_to cat ceil celu
    channel_shuffle chunk clamp:Tensor,default clamp_max:Tensor,default clamp_min:Tensor,default
    clone col2im constant_pad_nd contiguous conv1d:default,padding conv2d:default,padding conv3d
    conv_transpose2d:input copy cos cumsum detach diagonal div:Scalar,Tensor,Tensor_mode dot
    dropout einsum elu embedding eq:Scalar,Tensor erf exp expand expand_as expm1 eye
    feature_dropout fill:Scalar,Tensor flatten:using_ints flip floor floor_divide full full_like
    gather ge:Scalar,Tensor gelu glu grid_sampler group_norm gru:input gt:Scalar,Tensor
    hardshrink hardsigmoid hardswish hardtanh im2col index:Tensor index_select instance_norm
    layer_norm le:Scalar,Tensor leaky_relu lerp:Scalar,Tensor lift_fresh_copy linalg_vector_norm
    linear linspace log log1p log2 log_sigmoid log_softmax:int logical_and logical_not
    logical_or logit logsumexp lstm:input lt:Scalar,Tensor mT masked_fill:Scalar,Tensor matmul
    max:default,dim max_pool1d max_pool2d max_pool2d_with_indices maximum mean:default,dim
    meshgrid:default,indexing min:default,dim minimum mish mm movedim:int,intlist
    mul:Scalar,Tensor nan_to_num narrow ne:Scalar,Tensor neg new_empty new_full new_ones
    new_zeros norm:Scalar,ScalarOpt_dim numpy_T one_hot ones ones_like pad permute pixel_shuffle
    pixel_unshuffle positive pow:Tensor_Scalar,Tensor_Tensor prelu prod:dim_int reciprocal
    reflection_pad2d relu relu6 remainder:Scalar repeat repeat_interleave:self_int
    replication_pad2d reshape reshape_as rms_norm roll rot90 round rsqrt rsub:Scalar
    scalar_tensor scaled_dot_product_attention select:int select_scatter selu sigmoid sign silu
    sin slice:Tensor slice_scatter softmax:int softplus softshrink sort split:Tensor,sizes
    split_with_sizes sqrt square squeeze:default,dim,dims stack std:correction,default,dim
    sub:Scalar,Tensor sum:default,dim_IntList swapaxes t tan tanh threshold tile
    to:dtype,dtype_layout,other topk transpose:int tril triu type_as unbind:int unflatten:int
    unfold unsafe_chunk unsafe_split:Tensor unsqueeze upsample_bicubic2d:default,vec
    upsample_bilinear2d:default,vec upsample_nearest2d:default,vec var:correction,default,dim
    var_mean:correction view view_as where:Scalar,ScalarOther,ScalarSelf,self zero zeros
    zeros_like
"""
OPERATORS = {"getitem"} | {
    f"{base}.{overload}"
    for base, _, overloads in (word.partition(":") for word in PURE.split())
    for overload in (overloads or "default").split(",")
}
"""Everything that a program may call: operators of ATen that write to nothing."""
