from hypothesis import given
from hypothesis import strategies as st

from candidates.graph.axes import Leaf, Sum, fix, product
from candidates.graph.choice import kept_indices, kept_size, owned_indices, size_argument, touches
from candidates.graph.program import Batch


def test_a_leaf_keeps_what_was_chosen_and_others_everything():
    leaf, other = Leaf(4), Leaf(3)
    assert kept_indices(leaf, {leaf: [1, 3]}) == [1, 3]
    assert kept_indices(other, {leaf: [1, 3]}) == [0, 1, 2]


def test_a_product_keeps_the_rows_of_one_and_the_columns_of_the_other():
    rows, columns = Leaf(3), Leaf(4)
    term = product((rows, columns))
    assert kept_indices(term, {rows: [0, 2], columns: [1, 3]}) == [1, 3, 9, 11]


def test_a_sum_keeps_each_part_at_its_offset():
    one, two = Leaf(3), Leaf(4)
    term = Sum((one, two, one))
    assert kept_indices(term, {one: [2], two: [0, 3]}) == [2, 3, 6, 9]


def test_what_is_owned_lies_at_every_index_of_the_other_factors():
    heads, size = Leaf(2), Leaf(3)
    assert owned_indices(product((heads, size)), heads) == [[0, 1, 2], [3, 4, 5]]
    assert owned_indices(product((heads, size)), size) == [[0, 3], [1, 4], [2, 5]]


def test_parts_without_the_axis_belong_to_none():
    axis, other = Leaf(2), Leaf(3)
    assert owned_indices(Sum((other, axis)), axis) == [[3], [4]]
    assert owned_indices(other, axis) == [[], []]


@given(
    sizes=st.lists(st.integers(2, 4), min_size=1, max_size=3),
    kept=st.sets(st.integers(0, 1), min_size=1),
    offset=st.integers(1, 3),
)
def test_what_is_kept_is_what_the_kept_indices_own(sizes, kept, offset):
    factors = [Leaf(size) for size in sizes]
    axis = factors[-1]
    term = Sum((Leaf(offset), product(factors), axis))
    owned = owned_indices(term, axis)
    wanted = sorted({*range(offset), *(index for each in kept for index in owned[each])})
    assert kept_indices(term, {axis: sorted(kept)}) == wanted
    assert kept_size(term, {axis: sorted(kept)}) == len(wanted)


def test_a_size_with_the_batch_in_it_follows_the_batch():
    batch, channels = Leaf(251, "It is the number of images.", is_batch=True), Leaf(6)
    assert size_argument(product((batch, channels)), {channels: [0, 4]}) == Batch(batch=2)
    assert size_argument(channels, {channels: [0, 4]}) == 2


def test_a_term_is_touched_by_any_of_its_axes():
    one, two = Leaf(2), Leaf(3)
    fix(two, "It is an output.")
    assert touches(product((one, two)), {one: [0]})
    assert not touches(two, {one: [0]})
