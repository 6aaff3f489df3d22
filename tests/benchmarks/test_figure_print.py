from benchmarks.figure_print import margins_of


def cells(seed: int, exact: float, uniform: float) -> dict[str, dict[str, float]]:
    head = f"figure=3/seed={seed}/parameters/0.5"
    return {
        f"{head}/exact": {"refitted": exact},
        f"{head}/uniform": {"refitted": uniform},
        f"{head}/greedy": {"refitted": 0.0},
    }


def test_a_margin_is_ours_less_the_uniform_ones_at_the_same_seed() -> None:
    known = cells(0, 80.0, 78.0) | cells(1, 79.0, 80.0)
    assert margins_of(known, "refitted") == {("figure=3", "parameters", 0.5): [2.0, -1.0]}


def test_a_student_that_was_refused_or_not_fine_tuned_has_no_margin() -> None:
    known = cells(0, 80.0, 78.0)
    known["figure=3/seed=0/parameters/0.5/uniform"] = {}
    assert margins_of(known, "refitted") == {}
    assert margins_of(cells(0, 80.0, 78.0), "fine_tuned") == {}
