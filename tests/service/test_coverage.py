"""How much of a teacher can shrink, in sentences."""

from candidates.graph.neighbourhood import LeftOut
from service.coverage import report
from tests.service import builders


def left_out(module: str, reason: str, num_parameters: int = 10) -> LeftOut:
    return LeftOut(module=module, num_parameters=num_parameters, reason=reason)


def test_of_a_module_that_is_left_out_in_part_the_parameters_are_named() -> None:
    bias = left_out("b1.down", "Fixed.").model_copy(update={"parameters": ("b1.down.bias",)})
    split = builders.split().model_copy(update={"left_out": (bias,)})
    assert "  left out: 'b1.down.bias' (10 parameters): Fixed." in report(split).splitlines()


def test_modules_left_out_are_grouped_by_reason_the_largest_group_first() -> None:
    gone = [
        left_out("fc", "Fixed."),
        *(left_out(f"layer{number}.bn", "Beyond.") for number in range(5)),
        left_out("", "Fixed."),
    ]
    split = builders.split().model_copy(update={"left_out": tuple(gone)})
    first, *lines = report(split).splitlines()
    assert first == "3 neighbourhoods hold 90 % of the parameters; 90 % can shrink."
    assert lines == [
        "  left out: 'layer0.bn', 'layer1.bn', 'layer2.bn' and 2 more (50 parameters): Beyond.",
        "  left out: 'fc', the network's own parameters (20 parameters): Fixed.",
    ]
