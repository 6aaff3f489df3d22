from tests.candidates.networks import branches, chain, small_teacher, turned


def ends(teacher):
    return [(each.input, each.output) for each in teacher.split.neighbourhoods]


def test_pairs_reach_from_who_gives_a_width_to_who_contracts_it():
    assert ends(small_teacher(chain(), "pair")) == [
        ("input", "conv2d_1"), ("relu_1", "conv2d_3"), ("relu_3", "conv2d_5"),
    ]  # fmt: skip


def test_branches_are_pairs_of_their_own():
    assert ends(small_teacher(branches(), "pair")) == [("input", "conv2d_1"), ("input", "conv2d_3")]


def test_layers_take_what_follows_without_weights():
    assert ends(small_teacher(chain(), "layer"))[:2] == [("input", "relu"), ("relu", "relu_1")]
    assert ends(small_teacher(chain(), "layer"))[-1] == ("mean", "linear")


def test_layers_end_where_the_images_come_first():
    assert ends(small_teacher(turned(), "layer"))[1:3] == [
        ("transpose", "linear"), ("linear", "mean"),
    ]  # fmt: skip


def test_layers_of_branches_do_not_reach_over_where_they_meet():
    assert ends(small_teacher(branches(), "layer")) == [
        ("input", "conv2d"), ("conv2d", "conv2d_1"), ("input", "conv2d_2"),
        ("conv2d_2", "conv2d_3"), ("input", "conv2d_4"), ("mean", "linear"),
    ]  # fmt: skip
