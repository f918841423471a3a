"""Damage to files: of their bytes, or deeper, under checksums made right again."""

import io
import struct
import zipfile
import zlib

import png

# Bytes with a meaning in some format, put in at random.
TOKENS = (
    *(b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\x80", b"\0" * 8),
    *(b"{", b"}", b"[", b"]", b'"', b"\\", b":", b",", b"\n", b"- ", b"&a ", b"*a"),
    *(b"!!python/object/apply:os.system ", b"<<: ", b"---\n", b"? ", b"| ", b"\t"),
    *(b"1e999", b"-1", b"NaN", b"null", b"true", b"9" * 400, b"0x10", b"\xed\xa0\x80"),
    *(b"IEND", b"IDAT", b"acTL", b"eXIf", b"\xff\xd8", b"\xff\xd9", b"\xff\xc0"),
    *(b"data.pkl", b"cposix\nsystem\n", b"R", b"..", b"/etc/passwd", b"Lambda"),
    *(b"__lambda__", b"class_name", b"eval", b"[" * 2000, b"{a: " * 500),
)


def damaged(data, random):
    """Return data after one to four changes of any kind."""
    data = bytearray(data)
    for _ in range(random.randint(1, 4)):
        place = random.randint(0, len(data))
        length = random.choice((1, 1, 2, 4, 16, 200))
        kind = random.randrange(7)
        if kind == 0 and place < len(data):
            data[place] ^= 1 << random.randrange(8)
        elif kind == 1:
            data[place : place + length] = random.randbytes(length)
        elif kind == 2:
            data[place:place] = random.choice(TOKENS)
        elif kind == 3:
            token = random.choice(TOKENS)
            data[place : place + len(token)] = token
        elif kind == 4:
            del data[place : place + length]
        elif kind == 5:
            start = random.randint(0, len(data))
            data[place:place] = data[start : start + length]
        elif kind == 6 and random.random() < 0.3:
            del data[place:]
    return bytes(data)


def damaged_png(data, random):
    """Return a PNG with changes within its parts, whose checksums are right."""
    parts, place = [], len(png.SIGNATURE)
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        kind = data[place + 4 : place + 8]
        parts.append((kind, data[place + 8 : place + 8 + length]))
        place += 12 + length
    chosen = random.randrange(len(parts))
    kind, content = parts[chosen]
    if kind == b"IDAT" and random.random() < 0.7:
        content = zlib.compress(damaged(zlib.decompress(content), random))
    else:
        content = damaged(content, random)
    parts[chosen] = kind, content
    if random.random() < 0.1:
        parts.insert(random.randrange(len(parts)), random.choice(parts))
    return png.SIGNATURE + b"".join(png.chunk(*part) for part in parts)


def damaged_zip(data, random):
    """Return an archive with one of its files changed, its checksum right."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        chosen = random.choice(old.namelist())
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, damaged(content, random) if name == chosen else content)
    return buffer.getvalue()
