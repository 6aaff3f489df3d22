import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.candidates.graph.rules.harness import (
    Classifier,
    conv,
    keeps_whole,
    pooled,
    shrinks_exactly,
    tokens,
)


def chain(first: nn.Module, second: nn.Module) -> Classifier:
    return Classifier(
        lambda net, x: pooled(net.two(net.one(x).relu())), one=first, two=second
    )  # fmt: skip


def test_channels_between_two_convolutions_shrink_in_both():
    found = shrinks_exactly(chain(conv(3, 6), conv(6, 5)))
    assert found.sizes() == {"one": 6, "two": 5}
    width = found.width("one")
    assert width.producers == ("conv2d",)
    assert width.consumers == ("conv2d_1",)
    assert width.tensors == ("one.weight", "one.bias", "two.weight")


@pytest.mark.parametrize("multiple", [1, 3])
def test_a_depthwise_convolution_shrinks_with_its_input(multiple):
    found = shrinks_exactly(chain(conv(3, 4), conv(4, 4 * multiple, groups=4)))
    assert "two.weight" in found.width("one").tensors
    assert found.width("one").axis.size == 4


def test_a_grouped_convolution_shrinks_within_or_by_its_groups():
    found = shrinks_exactly(chain(conv(3, 12), conv(12, 6, groups=3)), trials=8)
    assert found.sizes() == {"one": 4, "two": 2}


def test_stacked_grouped_convolutions_with_other_groups_still_run():
    net = Classifier(
        lambda net, x: pooled(net.three(net.two(net.one(x)))),
        one=conv(3, 8), two=conv(8, 8, groups=2), three=conv(8, 8, groups=4),
    )  # fmt: skip
    shrinks_exactly(net, trials=8)


def test_a_convolution_along_a_line_shrinks():
    net = Classifier(
        lambda net, x: net.two(net.one(x).flatten(2)).mean(2),
        one=conv(3, 6),
        two=nn.Conv1d(6, 5, 3),
    )
    assert shrinks_exactly(net).sizes() == {"one": 6, "two": 5}


def test_a_convolution_over_channels_keeps_them():
    net = Classifier(
        lambda net, x: net.two(pooled(net.one(x))[:, None])[:, 0],
        one=conv(3, 6), two=nn.Conv1d(1, 1, 3, padding=1),
    )  # fmt: skip
    keeps_whole(net)


def test_a_convolution_with_padding_by_name_shrinks():
    two = nn.Conv2d(6, 5, 3, padding="same")
    assert shrinks_exactly(chain(conv(3, 6), two)).sizes() == {"one": 6, "two": 5}


def test_a_transposed_convolution_shrinks_and_mixes():
    found = shrinks_exactly(chain(conv(3, 6), nn.ConvTranspose2d(6, 5, 2, 2)))
    assert found.sizes() == {"one": 6, "two": 5}
    assert found.width("one").mixed
    assert not found.width("two").mixed


def test_a_grouped_transposed_convolution_keeps_its_channels():
    keeps_whole(chain(conv(3, 6), nn.ConvTranspose2d(6, 4, 2, 2, groups=2)))


PRODUCTS = {
    "a matrix": lambda net, x: pooled(net.one(x)) @ net.matrix,
    "from the left": lambda net, x: (net.matrix.T @ pooled(net.one(x)).T).T,
    "transposed twice": lambda net, x: (net.matrix.mT @ pooled(net.one(x)).mT).mT,
    "a bias and a matrix": lambda net, x: torch.addmm(net.bias, pooled(net.one(x)), net.matrix),
    "letters": lambda net, x: torch.einsum("nchw, cd -> nd", net.one(x), net.matrix),
    "batches": lambda net, x: torch.bmm(
        tokens(net.one(x)), net.matrix[None].expand(len(x), -1, -1)
    ).mean(1),
}  # fmt: skip


@pytest.mark.parametrize("body", PRODUCTS.values(), ids=PRODUCTS)
def test_products_with_a_matrix_shrink_on_both_sides(body):
    net = Classifier(body, one=conv(3, 6), matrix=torch.ones(6, 5), bias=torch.ones(5))
    found = shrinks_exactly(net)
    assert sorted(found.sizes().values()) == [5, 6]
    assert found.width("one").mixed


def test_a_product_with_a_vector_keeps_the_rest():
    net = Classifier(
        lambda net, x: tokens(net.one(x)) @ net.vector, one=conv(3, 6), vector=torch.ones(6)
    )
    assert shrinks_exactly(net).sizes() == {"one": 6}


def test_an_einsum_with_an_ellipsis_keeps_all_but_still_takes_any_batch():
    net = Classifier(
        lambda net, x: torch.einsum("...chw,...chw->...c", net.one(x), net.one(x)), one=conv(3, 6)
    )
    assert "ellipsis" in str(keeps_whole(net).reasons("one.bias"))


def test_an_einsum_that_repeats_one_channel_keeps_all():
    net = Classifier(
        lambda net, x: torch.einsum("nchw,nchw->nc", net.gate(x), net.one(x)),
        one=conv(3, 6), gate=conv(3, 1),
    )  # fmt: skip
    keeps_whole(net)


def test_features_multiplied_with_themselves_stay():
    def second_order(net, x):
        features = net.one(x).flatten(2)
        return torch.bmm(features, features.transpose(1, 2)).flatten(1)

    found = keeps_whole(Classifier(second_order, one=conv(3, 6)))
    assert found.reasons("one.bias") == {"It is flattened together with itself."}


def test_an_embedding_shrinks_in_its_columns_alone():
    net = Classifier(
        lambda net, x: pooled(net.one(x)) + net.table(torch.tensor(1)),
        one=conv(3, 6), table=nn.Embedding(7, 6),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert found.sizes() == {"one": 6}
    assert "table.weight" in found.width("one").tensors


def attention(net, x, heads=2, fused=False):
    queries, keys, values = (
        net.qkv(tokens(net.one(x))).reshape(len(x), 4, 3, heads, -1).permute(2, 0, 3, 1, 4)
    )
    if fused:
        mixed = functional.scaled_dot_product_attention(queries, keys, values)
    else:
        mixed = (queries * 0.4 @ keys.transpose(-2, -1)).softmax(-1) @ values
    return net.out(mixed.transpose(1, 2).reshape(len(x), 4, -1)).mean(1)


@pytest.mark.parametrize("fused", [False, True], ids=["written out", "fused"])
@pytest.mark.parametrize(("heads", "shrinks"), [(2, 2), (4, 4)])
def test_attention_shrinks_by_whole_heads(fused, heads, shrinks):
    net = Classifier(
        lambda net, x: attention(net, x, heads, fused),
        one=nn.Conv2d(3, 8, 4, 4), qkv=nn.Linear(8, 36), out=nn.Linear(12, 5),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert found.sizes() == {"one": 8, "qkv": shrinks, "out": 5}
    assert not found.width("qkv").mixed


def test_a_single_head_shrinks_within_at_the_old_scale():
    net = Classifier(
        lambda net, x: attention(net, x, 1, fused=True),
        one=nn.Conv2d(3, 8, 4, 4), qkv=nn.Linear(8, 18), out=nn.Linear(6, 5),
    )  # fmt: skip
    found = shrinks_exactly(net)
    assert found.width("qkv").mixed


@pytest.mark.parametrize("batch_first", [False, True])
def test_torch_attention_shrinks_by_whole_heads(batch_first):
    def body(net, x):
        line = tokens(net.one(x))
        line = line if batch_first else line.transpose(0, 1)
        mixed = net.attention(line, line, line, need_weights=False)[0]
        return mixed.mean(1 if batch_first else 0)

    net = Classifier(
        body,
        one=nn.Conv2d(3, 8, 4, 4),
        attention=nn.MultiheadAttention(8, 4, batch_first=batch_first),
    )
    assert 4 in shrinks_exactly(net).sizes().values()


def test_learned_tokens_that_are_attended_to_keep_their_number():
    def body(net, x):
        kept = net.memory[None].expand(len(x), -1, -1)
        return functional.scaled_dot_product_attention(tokens(net.one(x)), kept, kept).mean(1)

    net = Classifier(body, one=conv(3, 8), memory=torch.ones(5, 8))
    assert shrinks_exactly(net).sizes() == {"one": 8}


def test_grouped_queries_keep_everything():
    def body(net, x):
        queries = net.one(x).reshape(-1, 4, 4, 64).transpose(2, 3)
        keys = net.two(x).reshape(-1, 2, 4, 64).transpose(2, 3)
        return functional.scaled_dot_product_attention(
            queries, keys, keys, enable_gqa=True
        ).mean(2).flatten(1)  # fmt: skip

    keeps_whole(Classifier(body, one=conv(3, 16), two=conv(3, 8)))
