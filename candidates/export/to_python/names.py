"""Names: where tensors and layers lie in the generated module, and what values are called.

A name of a stranger's is only ever written as an attribute of letters and digits, as a number, or
as a quoted text in plain ASCII; values have names of our own. So no name can become code.
"""

import keyword
import re
from collections.abc import Collection, Iterator
from itertools import count

LOCALS = ("x", "y", "z", "u", "v", "w")
_PLAIN, _NUMBER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}"), re.compile(r"0|[1-9][0-9]{0,5}")
OF_MODULES = frozenset({
    "T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children",
    "compile", "cpu", "cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward",
    "get_buffer", "get_extra_state", "get_parameter", "get_submodule", "half", "ipu",
    "load_state_dict", "modules", "mtia", "named_buffers", "named_children", "named_modules",
    "named_parameters", "parameters", "register_backward_hook", "register_buffer",
    "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter",
    "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_",
    "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
    "training", "type", "xpu", "zero_grad",
})  # fmt: skip
"""What modules have already, so that no part is reached by it."""


def quoted(text: str) -> str:
    """A text as a Python literal of plain ASCII in double quotes."""
    return '"' + text.encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'


def path_of(name: str) -> str:
    """How the generated module's own code reaches a tensor or a layer by its dotted name."""
    return "self" + "".join(map(_step, name.split(".")))


def locals_in_turn(taken: Collection[str]) -> str:
    """The first name for a value that no value has that is still needed."""
    return next(name for name in _locals() if name not in taken)


def _step(part: str) -> str:
    if _NUMBER.fullmatch(part):
        return f"[{part}]"
    plain = _PLAIN.fullmatch(part) and not keyword.iskeyword(part) and part not in OF_MODULES
    return f".{part}" if plain else f"[{quoted(part)}]"


def _locals() -> Iterator[str]:
    yield from LOCALS
    for number in count(1):
        yield f"x{number}"
