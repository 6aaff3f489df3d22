import json
import pickle
import time
import zipfile
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import safetensors
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

from candidates.checkpoint import ITEM_BYTES, MAX_HEADER_BYTES, Checkpoint, Tensor
from candidates.errors import InvalidCheckpoint
from candidates.tensors import DTYPES, checkpoint_of, state_of

SMALL = Checkpoint(
    {
        "a": Tensor("F32", (2,), bytes(range(8))),
        "b": Tensor("U8", (3, 1), b"xyz"),
        "empty": Tensor("F64", (0, 4), b""),
        "scalar": Tensor("BF16", (), b"\x80\x3f"),
    },
    {"note": "Größe"},
)


def file_with(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(
    dtype: object = "U8", shape: object = (4,), offsets: object = (0, 4)
) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidCheckpoint) as caught:
        Checkpoint.from_bytes(data)
    return str(caught.value)


def test_what_is_written_is_read_again() -> None:
    again = Checkpoint.from_bytes(SMALL.to_bytes())
    assert again == Checkpoint(dict(again.tensors), SMALL.metadata)
    assert {name: (t.dtype, t.shape, bytes(t.data)) for name, t in again.tensors.items()} == {
        name: (t.dtype, t.shape, bytes(t.data)) for name, t in SMALL.tensors.items()
    }


def test_a_file_is_read_as_its_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(SMALL.to_bytes())
    assert Checkpoint.read(path) == Checkpoint.from_bytes(SMALL.to_bytes())


def test_a_mapped_file_is_read_as_any_other_and_never_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(SMALL.to_bytes())
    mapped = Checkpoint.mapped(path)
    assert mapped == Checkpoint.read(path)
    data = mapped.tensors["b"].data
    assert isinstance(data, memoryview)
    data[0] = 0
    assert path.read_bytes() == SMALL.to_bytes()
    path.write_bytes(SMALL.to_bytes()[:-1])
    with pytest.raises(InvalidCheckpoint, match="truncated"):
        Checkpoint.mapped(path)


def test_equal_checkpoints_give_equal_bytes_whatever_the_order() -> None:
    backwards = dict(reversed(list(SMALL.tensors.items())))
    assert Checkpoint(backwards, SMALL.metadata).to_bytes() == SMALL.to_bytes()


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=str)
def test_the_safetensors_library_reads_every_dtype_that_we_write(dtype: torch.dtype) -> None:
    values = torch.arange(6).reshape(2, 3).to(dtype)
    ours = checkpoint_of({"x": values, "none": values[:0]}).to_bytes()
    theirs = safetensors.torch.load(ours)
    assert torch.equal(theirs["x"], values)
    assert theirs["none"].shape == (0, 3)
    assert theirs["x"].dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=str)
def test_we_read_every_dtype_that_the_safetensors_library_writes(dtype: torch.dtype) -> None:
    values = torch.arange(6).reshape(3, 2).to(dtype)
    data = safetensors.torch.save({"x": values, "y": torch.zeros(())}, {"key": "text"})
    ours = Checkpoint.from_bytes(data)
    assert torch.equal(state_of(ours)["x"], values)
    assert ours.metadata == {"key": "text"}


def test_every_tensor_starts_at_a_multiple_of_its_item_size() -> None:
    tensors = {
        name: Tensor(name, (3,), bytes(3 * size)) for name, size in sorted(ITEM_BYTES.items())
    }
    data = Checkpoint(tensors).to_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    for name, size in ITEM_BYTES.items():
        assert (8 + length + header[name]["data_offsets"][0]) % size == 0


@given(st.integers(0, len(SMALL.to_bytes()) - 1))
def test_a_file_cut_short_anywhere_is_invalid(length: int) -> None:
    assert refusal(SMALL.to_bytes()[:length]).endswith(".")


@given(st.binary(max_size=200))
def test_random_bytes_are_a_checkpoint_or_invalid(data: bytes) -> None:
    try:
        Checkpoint.from_bytes(data)
    except InvalidCheckpoint as exc:
        str(exc).encode()


@given(st.integers(0, len(SMALL.to_bytes()) - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_or_invalid(place: int, value: int) -> None:
    data = bytearray(SMALL.to_bytes())
    data[place] = value
    try:
        Checkpoint.from_bytes(bytes(data))
    except InvalidCheckpoint as exc:
        str(exc).encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "__metadata__"]), json_values))
def test_any_json_header_is_read_or_invalid(header: dict[str, Any]) -> None:
    try:
        Checkpoint.from_bytes(file_with(header, b"1234"))
    except InvalidCheckpoint as exc:
        str(exc).encode()


@given(json_values, json_values, json_values)
def test_any_tensor_entry_is_read_or_invalid(dtype: Any, shape: Any, offsets: Any) -> None:
    for header in (
        {"a": entry(dtype)},
        {"a": entry(shape=shape)},
        {"a": entry(offsets=offsets)},
        {"a": entry(dtype, shape, offsets)},
    ):
        try:
            Checkpoint.from_bytes(file_with(header, b"1234"))
        except InvalidCheckpoint as exc:
            str(exc).encode()


def test_a_header_above_the_cap_is_not_parsed() -> None:
    data = (MAX_HEADER_BYTES + 1).to_bytes(8, "little") + b" " * (MAX_HEADER_BYTES + 1)
    assert f"at most {MAX_HEADER_BYTES} are read" in refusal(data)


def test_a_header_that_claims_all_memory_is_refused_at_once() -> None:
    assert "claims a header of 18446744073709551615" in refusal(b"\xff" * 8 + b"{}")


def test_a_name_that_stands_twice_is_named() -> None:
    one = json.dumps(entry())
    assert "names 'twin' twice" in refusal(
        file_with(f'{{"twin":{one},"twin":{one}}}'.encode(), b"1234")
    )


def test_many_names_and_one_twice_are_refused_soon() -> None:
    names = ",".join(f'"{number}":0' for number in [*range(300_000), 299_999])
    start = time.process_time()
    assert "names '299999' twice" in refusal(file_with(f"{{{names}}}".encode()))
    assert time.process_time() - start < 5


def test_a_shape_with_very_many_sides_is_refused_soon() -> None:
    start = time.process_time()
    assert "'a'" in refusal(file_with({"a": entry(shape=[2**40 - 1] * 500_000)}, b"1234"))
    assert time.process_time() - start < 5


def test_overlapping_tensors_are_refused() -> None:
    header = {"a": entry(), "b": entry(offsets=(2, 6))}
    assert "'b' overlaps" in refusal(file_with(header, b"123456"))


def test_two_names_for_the_same_bytes_are_refused() -> None:
    assert "overlaps" in refusal(file_with({"a": entry(), "b": entry()}, b"1234"))


def test_a_hole_between_tensors_is_refused() -> None:
    header = {"a": entry(), "b": entry(offsets=(5, 9))}
    assert "'b'" in refusal(file_with(header, b"123456789"))


def test_bytes_behind_the_last_tensor_are_refused() -> None:
    assert refusal(file_with({"a": entry()}, b"1234567")).startswith("3 bytes after")


def test_a_file_without_tensors_is_read() -> None:
    assert Checkpoint.from_bytes(file_with({})).tensors == {}


@pytest.mark.parametrize(
    "shape", [(True, 4), (-4,), (-2, -2), (4.0,), ("4",), (2**40,), (2**70,), (None,), ([4],)]
)
def test_an_impossible_shape_is_named(shape: tuple[object, ...]) -> None:
    assert "Tensor 'a' has an impossible shape" in refusal(
        file_with({"a": entry(shape=shape)}, b"1234")
    )


def test_a_shape_that_needs_other_bytes_is_refused() -> None:
    assert "cannot take 4 bytes" in refusal(file_with({"a": entry(shape=(5,))}, b"1234"))


@pytest.mark.parametrize(
    "offsets", [(False, 4), (0, True), (0.0, 4), ("0", "4"), (0,), (0, 4, 4), None, {"0": 4}]
)
def test_offsets_that_are_not_two_integers_are_refused(offsets: object) -> None:
    assert "'a'" in refusal(file_with({"a": entry(offsets=offsets)}, b"1234"))


@pytest.mark.parametrize("offsets", [(-4, 0), (4, 0), (0, 5), (2**80, 2**80 + 4)])
def test_offsets_outside_the_file_are_refused(offsets: tuple[int, int]) -> None:
    assert "tensor 'a' should end" in refusal(file_with({"a": entry(offsets=offsets)}, b"1234"))


def test_an_unknown_dtype_is_named() -> None:
    assert "'F8_E5M2'" in refusal(file_with({"a": entry("F8_E5M2")}, b"1234"))


@pytest.mark.parametrize("metadata", ["text", ["a"], {"a": 1}, {"a": {"b": "c"}}, None])
def test_metadata_that_is_not_text_is_refused(metadata: object) -> None:
    assert "__metadata__" in refusal(file_with({"__metadata__": metadata}))


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"a":}', b"[" * 99999])
def test_a_header_that_is_no_json_object_is_refused(text: bytes) -> None:
    assert "header is not" in refusal(file_with(text))


def test_a_number_too_long_to_convert_is_refused() -> None:
    header = b'{"a":{"dtype":"U8","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,4]}}'
    refusal(file_with(header, b"1234"))


@pytest.mark.parametrize("header", [{"\ud800": entry()}, {"__metadata__": {"\ud800": ""}}])
def test_names_that_no_text_can_hold_are_refused_in_words_that_can_be_sent(header: Any) -> None:
    refusal(file_with(header, b"1234")).encode()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [None, {}, {"weight": [1.0] * 50}, "x" * 70_000],
    ids=["none", "empty", "numbers", "long text"],
)
def test_a_pickle_is_refused(protocol: int, value: object) -> None:
    sentence = refusal(pickle.dumps(value, protocol))
    assert protocol < 2 or "pickle" in sentence


def test_a_torch_file_is_refused_with_advice() -> None:
    file = BytesIO()
    torch.save({"weight": torch.zeros(2)}, file)
    assert "safetensors.torch.save_file" in refusal(file.getvalue())


def test_an_empty_zip_is_refused() -> None:
    file = BytesIO()
    zipfile.ZipFile(file, "w").close()
    refusal(file.getvalue())


def test_weights_that_hold_the_mark_of_a_zip_are_still_read() -> None:
    values = Tensor("U8", (64,), b"PK\x05\x06" + bytes(60))
    assert Checkpoint.from_bytes(Checkpoint({"a": values}).to_bytes()).tensors["a"] == values


def test_the_digest_depends_on_names_dtypes_shapes_and_bytes_of_the_named_only() -> None:
    def digest(dtype: str = "U8", shape: tuple[int, ...] = (2, 2), data: bytes = b"1234") -> str:
        tensors = {"a": Tensor(dtype, shape, data), "b": Tensor("U8", (1,), b"?")}
        return Checkpoint(tensors, {"other": data.hex()}).digest(["a"])

    same = digest()
    different = [digest("I8"), digest(shape=(4,)), digest(data=b"1235"), digest("U16", (2,))]
    assert digest() == same
    assert len({same, *different}) == 5


def test_the_digest_does_not_depend_on_the_order_of_names() -> None:
    assert SMALL.digest(["a", "b"]) == SMALL.digest(["b", "a"]) != SMALL.digest(["a"])


def test_tensors_lie_in_the_file_without_a_gap() -> None:
    data = SMALL.to_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    spans = sorted(header[name]["data_offsets"] for name in SMALL.tensors)
    assert all(left[1] == right[0] for left, right in pairwise(spans))
    assert spans[-1][1] == len(data) - 8 - length
