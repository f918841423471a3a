"""Files of torch.save: what is read, what is refused, and that nothing is run."""

import io
import os
import pathlib
import pickle
import struct
import zipfile

import numpy as np
import pytest

from keras_pixda.weights.checkpoint import MAGIC, Checkpoint, CheckpointError

REFERENCE = pathlib.Path(__file__).parents[1] / "reference"
FILES = [REFERENCE / "pytorch_pixda.pth", REFERENCE / "pytorch_adaptsegnet.pth"]
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
ORDERED_DICT = b"ccollections\nOrderedDict\n)R"
STORAGE = struct.pack("<q", 6) + b"\0" * 24


def opened(content, name="bad.pth"):
    return Checkpoint(io.BytesIO(content), name)


def zipped(pickled, entries=(), compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("x/data.pkl", pickled)
        for name, content in {"data/0": b"\0" * 24, **dict(entries)}.items():
            archive.writestr(f"x/{name}", content)
    return file.getvalue()


def legacy(pickled, keys=("0",), storages=STORAGE):
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    before = [pickle.dumps(part, 2) for part in (MAGIC, 1001, system)]
    return b"".join([*before, pickled, pickle.dumps(list(keys), 2), storages])


def integer(number):
    size = number.bit_length() // 8 + 1
    return b"\x8a" + bytes([size]) + number.to_bytes(size, "little", signed=True)


def tensor(shape=(2, 3), strides=(3, 1), offset=0, size=6, key=b"0"):
    """The instructions that make a tensor."""
    return b"".join(
        [
            REBUILD + b"((",
            b"X\7\0\0\0storagectorch\nFloatStorage\n",
            b"X" + struct.pack("<I", len(key)) + key + b"X\3\0\0\0cpu",
            integer(size) + b"tQ" + integer(offset),
            *(
                b"(" + b"".join(map(integer, sizes)) + b"t"
                for sizes in (shape, strides)
            ),
            b"\x89" + ORDERED_DICT + b"tR",
        ]
    )


def state_dict(value=None):
    return b"\x80\2}X\1\0\0\0w" + (value or tensor()) + b"s."


@pytest.mark.parametrize("form", [zipped, legacy])
def test_a_tensor_is_read(form):
    numbers = np.arange(6, dtype="<f4").tobytes()
    if form is zipped:
        content = zipped(state_dict(tensor((2, 2), (1, 3), 1)), {"data/0": numbers})
    else:
        pickled = state_dict(tensor((2, 2), (1, 3), 1))
        content = legacy(pickled, storages=struct.pack("<q", 6) + numbers)
    values = opened(content).read("w")
    assert values.dtype == "float32"
    np.testing.assert_array_equal(values, [[1, 4], [2, 5]])


def test_a_file_of_python_2_and_pytorch_0_3_on_a_gpu_is_read():
    def text(value):
        return b"U" + bytes([len(value)]) + value

    storage = [text(b"storage"), b"ctorch.cuda\nFloatStorage\n", text(b"94")]
    storage += [text(b"cuda:0"), b"K\6", b"N", b"tQ"]
    value = [b"ctorch._utils\n_rebuild_tensor\n((", *storage]
    value += [b"K\0", b"K\2K\3\x86", b"K\3K\1\x86", b"tR"]
    pairs = b"](](" + text(b"Scale.w") + b"".join(value) + b"ee"
    attributes = b"}" + text(b"_metadata") + ORDERED_DICT + b"sb"
    pickled = (
        b"\x80\2ccollections\nOrderedDict\n" + pairs + b"\x85R" + attributes + b"."
    )
    numbers = np.arange(6, dtype="<f4").tobytes()
    content = legacy(pickled, keys=["94"], storages=struct.pack("<q", 6) + numbers)
    checkpoint = opened(content)
    assert list(checkpoint.tensors) == ["w"]
    np.testing.assert_array_equal(checkpoint.read("w"), [[0, 1, 2], [3, 4, 5]])


class Call:
    """Calls a function when it is unpickled by Python."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("form", [zipped, legacy])
@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("inside", [False, True])
def test_code_in_a_file_is_refused_and_not_run(tmp_path, form, protocol, inside):
    for function, call, asked in (
        (os.system, f"touch {tmp_path}/run", r"(posix|nt)\.system"),
        (eval, f"open('{tmp_path}/run', 'w')", r"(builtins|__builtin__)\.eval"),
        (getattr, "", r"(builtins|__builtin__)\.getattr"),
    ):
        value = Call(function, call)
        pickled = pickle.dumps({"w": value} if inside else value, protocol)
        if protocol:  # As Python would have it; protocol 0 has instructions of old.
            with pytest.raises(ValueError, match=f"^bad.pth: .* asks for '{asked}'"):
                opened(form(pickled))
        with pytest.raises(ValueError, match="^bad.pth: .* refused"):
            opened(form(pickled))
        with pytest.raises(ValueError, match=r"^bad.pth: .*(refused|starts with)"):
            opened(pickled)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["torch.load", "torch._utils._rebuild_parameter", "numpy.core.Storage"]
)
def test_other_names_of_pytorch_are_refused(name):
    module, _, function = name.rpartition(".")
    pickled = f"c{module}\n{function}\n".encode()
    with pytest.raises(ValueError, match=f"asks for '{name}'"):
        opened(zipped(state_dict(pickled + b")R")))


def test_allowed_names_cannot_be_altered_or_misused():
    storage_type = b"ctorch\nFloatStorage\n"
    for pickled in (
        REBUILD + b"}X\1\0\0\0aK\1sb",  # Attributes for a function,
        storage_type + b"}X\1\0\0\0aK\1sb",  # for a class.
        storage_type + b")R",
        REBUILD + b")R",
        b"ccollections\nOrderedDict\nK\1\x85R",
        b"X\1\0\0\0aQ",
        b"}K\1K\2\x86K\3s",  # A tuple as a key.
    ):
        with pytest.raises(ValueError, match="^bad.pth: cannot be read .*damaged"):
            opened(zipped(state_dict(pickled)))


def test_a_few_bytes_cannot_ask_for_much():
    huge = 10**9
    for value, reason in (
        (tensor((huge, huge), (0, 0)), "does not fit its 6 numbers"),
        (tensor((2, huge), (3, 1)), "does not fit"),
        (tensor(offset=4), "does not fit"),
        (tensor(offset=huge), "does not fit"),
        (tensor(strides=(6, 1)), "does not fit"),
        (tensor(offset=-1), "damaged"),
        (tensor(strides=(-3, 1)), "damaged"),
        (tensor((2**60, 0), (1, 1)), "damaged"),
        (tensor((1,) * 9, (1,) * 9), "damaged"),
        (tensor((6,), (1, 1)), "damaged"),
    ):
        for form in (zipped, legacy):
            with pytest.raises(ValueError, match=f"^bad.pth: .*{reason}"):
                opened(form(state_dict(value)))
    with pytest.raises(ValueError, match="expected 4000000000"):
        opened(zipped(state_dict(tensor((huge,), (1,), 0, huge)))).read("w")
    with pytest.raises(ValueError, match="damaged at the storage '0'"):
        opened(legacy(state_dict(tensor((huge,), (1,), 0, huge))))
    # A place in the memo far beyond the file, for which Python would make room.
    memo = b"\x80\2}r" + struct.pack("<I", 2**32 - 1) + b"."
    with pytest.raises(ValueError, match="found an empty dict"):
        opened(zipped(memo))
    # One long list, copied again and again.
    pairs = b"](" + b"](X\1\0\0\0aK\1e" * 10**5 + b"e"
    copies = b"h\1h\0\x85R" * 10**5
    pickled = b"ccollections\nOrderedDict\nq\1" + pairs + b"q\0\x85R" + copies
    with pytest.raises(ValueError, match="found an empty dict"):
        opened(zipped(b"\x80\2" + pickled + b"."))


def test_archives_that_are_not_pytorch_s_are_refused():
    good = zipped(state_dict())
    opened(good).read("w")
    with pytest.raises(ValueError, match="is compressed"):
        opened(zipped(state_dict(), {"data/1": b"\0" * 10**6}, zipfile.ZIP_DEFLATED))
    two = zipped(state_dict()).replace(b"x/data/0", b"x/data.p")
    with pytest.raises(ValueError, match=r"no item named 'x/data/0'"):
        opened(two).read("w")
    with pytest.raises(ValueError, match="0 data.pkl"):
        opened(good.replace(b"data.pkl", b"data.pkk"))
    with pytest.raises(ValueError, match="two entries of one name"):
        opened(zipped(state_dict(), {"data/1": b"1"}).replace(b"data/1", b"data/0"))
    # The directory at the end says that the storage has 4 000 000 bytes.
    claims = good.replace(struct.pack("<II", 24, 24), struct.pack("<II", 24, 4 * 10**6))
    assert claims != good
    with pytest.raises(ValueError, match="claims more than it holds"):
        opened(claims)
    with pytest.raises(ValueError, match="not little-endian"):
        opened(zipped(state_dict(), {"byteorder": b"big"}))
    damaged = bytearray(zipped(state_dict(), {"data/0": b"\7" * 24}))
    damaged[damaged.index(b"\7" * 24) + 3] = 8
    with pytest.raises(ValueError, match="damaged .*CRC-32"):
        opened(bytes(damaged)).read("w")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (3, "found int"),
        ({}, "found an empty dict"),
        ({"epoch": 3, "net": {}}, "holds 'epoch', 'net', which are no tensors"),
        ({"model_state": {"w": [1]}}, "holds 'w', which are no tensors"),
        ({"state_dict": 3}, "found int"),
    ],
)
def test_what_is_no_state_dict_is_named(value, reason):
    for form in (zipped, legacy):
        pickled = pickle.dumps(value, 2)
        content = form(pickled) if form is zipped else form(pickled, (), b"")
        with pytest.raises(ValueError, match=f"^bad.pth: .*{reason}"):
            opened(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x89PNG", b"{}", b"PK\3\4", b"\x80", b"\x80\2K\1.", b"\x80\2" * 9],
)
def test_other_files_are_named(content):
    with pytest.raises(ValueError, match="^bad.pth: cannot be read as a PyTorch"):
        opened(content)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_truncated_file_is_an_error_wherever_it_ends(path):
    content = path.read_bytes()
    names = list(opened(content).tensors)
    assert len(names) > 100
    for end in [*range(0, len(content), 499), len(content) - 1]:
        with pytest.raises(ValueError, match="^bad.pth: cannot be read"):
            opened(content[:end])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_damaged_file_is_read_or_refused_but_never_breaks(path):
    content, random = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for _ in range(100):
        damaged = np.frombuffer(content, "uint8").copy()
        # The first bytes and the last ones hold what the others mean.
        place = int(random.integers(0, len(content)) * random.choice([1, 0.1]))
        place = place if random.random() < 0.7 else len(content) - 1 - place
        damaged[place : place + 3] = random.integers(0, 256, 3)
        try:
            checkpoint = opened(damaged.tobytes())
            for name in checkpoint.tensors:
                checkpoint.read(name)
        except CheckpointError:
            refused += 1
    assert refused > 10


def test_an_archive_that_points_before_its_start(tmp_path):
    content = bytearray(zipped(state_dict()))
    place = content.index(b"PK\5\6") + 16
    start = int.from_bytes(content[place : place + 4], "little")
    content[place : place + 4] = (start + 10_000).to_bytes(4, "little")
    # A file on disk says so in its own way.
    (tmp_path / "bad.pth").write_bytes(content)
    with (
        open(tmp_path / "bad.pth", "rb") as file,
        pytest.raises(CheckpointError, match=r"^bad\.pth: .* truncated or damaged"),
    ):
        Checkpoint(file, "bad.pth").read("w")


def test_a_long_name_in_a_damaged_archive_is_cut():
    key = "n" * 5000
    pickled = state_dict(tensor(key=key.encode()))
    content = zipped(pickled, {f"data/{key}": b"\0" * 24})
    content = content.replace(
        f"x/data/{key}".encode(), f"x/data/{key}"[:-1].encode() + b"m", 1
    )
    with pytest.raises(CheckpointError, match="File name in directory") as error:
        opened(content).read("w")
    assert len(str(error.value)) < 400
