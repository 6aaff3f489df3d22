"""Shapes, slices and concatenations of tensors of their own flat indices: what remains of each by
its terms is what the resized operators really give.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.graph.axes import (
    Leaf,
    Product,
    Sum,
    fix,
    is_fixed,
    leaves,
    product,
    resolved,
    size_of,
)
from candidates.graph.unify import cut_apart, range_of, unify
from tests.candidates.mazes import MAX_ITEMS, STEPS, Maze


@settings(max_examples=200)
@given(data=st.data())
def test_what_remains_of_any_value_is_what_its_terms_keep(data):
    draw = data.draw
    maze = Maze(draw(st.lists(st.sampled_from([1, 2, 3, 4, 6, 8]), min_size=1, max_size=3)))
    for _ in range(draw(st.integers(1, 6))):
        small = [
            name
            for name, value in maze.values.items()
            if value.dim() and value.numel() <= MAX_ITEMS
        ]
        name = draw(st.sampled_from(small[-3:]))
        draw(st.sampled_from(STEPS))(maze, draw, name, tuple(maze.values[name].shape))
    maze.check(draw)


def sizes(term):
    return [leaf.size for leaf in leaves(term)]


def test_equal_leaves_become_one_and_keep_the_reason_of_either():
    one, other = Leaf(4), Leaf(4, "It is an output.")
    unify(one, other)
    assert resolved(one) is resolved(other)
    assert next(leaves(one)).fixed == "It is an output."


def test_the_first_reason_stands():
    leaf = Leaf(4)
    fix(leaf, "first")
    fix(leaf, "second")
    assert leaf.fixed == "first"


def test_a_leaf_becomes_the_product_that_it_equals():
    leaf, factors = Leaf(6), (Leaf(2), Leaf(3))
    unify(leaf, product(factors))
    assert sizes(leaf) == [2, 3]
    assert isinstance(resolved(leaf), Product)


def test_a_fixed_leaf_fixes_what_it_becomes():
    factors = (Leaf(2), Leaf(3))
    unify(Leaf(6, "It is an output."), product(factors))
    assert is_fixed(product(factors))


def test_products_of_other_factors_are_taken_apart_where_sizes_allow():
    left, right = product((Leaf(2), Leaf(12))), product((Leaf(6), Leaf(4)))
    unify(left, right)
    assert sizes(left) == sizes(right) == [2, 3, 4]
    assert [a is b for a, b in zip(leaves(left), leaves(right), strict=True)] == [True] * 3


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (product((Leaf(2), Leaf(3))), product((Leaf(3), Leaf(2)))),
        (product((Leaf(4), Leaf(2))), Sum((Leaf(3), Leaf(5)))),
    ],
)
def test_what_does_not_align_stays(left, right):
    unify(left, right)
    assert is_fixed(left)
    assert is_fixed(right)


def test_sums_are_cut_at_all_boundaries_of_both():
    left, right = Sum((Leaf(3), Leaf(5))), Sum((Leaf(6), Leaf(2)))
    unify(left, right)
    assert sizes(left) == sizes(right) == [3, 3, 2]


def test_a_product_meets_a_sum_whose_parts_are_whole_rows():
    parts, rows = Sum((Leaf(4), Leaf(8))), product((Leaf(3), Leaf(4)))
    unify(parts, rows)
    assert sizes(parts) == [4, 2, 4]
    assert [leaf.fixed is None for leaf in leaves(rows)] == [False, True]


def test_a_leaf_never_becomes_a_part_of_itself():
    leaf = Leaf(4)
    unify(leaf, Sum((leaf, Leaf(0))))
    assert resolved(leaf) is leaf
    assert leaf.fixed


def test_the_batch_is_never_taken_apart():
    batch = Leaf(6, "It is the number of images.", is_batch=True)
    assert cut_apart(batch, (2, 3)) is None
    unify(batch, product((Leaf(2), Leaf(3))))
    assert resolved(batch) is batch


def test_the_batch_stays_the_batch_when_it_meets_another_axis():
    batch, other = Leaf(6, "It is the number of images.", is_batch=True), Leaf(6)
    unify(other, batch)
    assert resolved(other) is batch


def test_cutting_across_a_boundary_is_refused():
    assert cut_apart(product((Leaf(6), Leaf(4))), (4, 6)) is None


def test_a_range_takes_a_leaf_apart():
    leaf = Leaf(8)
    assert size_of(range_of(leaf, 2, 5)) == 3
    assert sizes(leaf) == [2, 3, 3]


def test_a_range_of_whole_rows_takes_the_rows_apart():
    rows = product((Leaf(4), Leaf(3)))
    assert sizes(range_of(rows, 3, 9)) == [2, 3]
    assert not is_fixed(rows)


def test_a_range_across_rows_fixes_them():
    rows = product((Leaf(4), Leaf(3)))
    assert is_fixed(range_of(rows, 2, 9))
    assert is_fixed(rows)
