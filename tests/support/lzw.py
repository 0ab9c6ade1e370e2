"""An encoder for .Z files of Unix ``compress``, which no package of Python writes; ncompress decodes what it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

CLEAR = 256


def compress(content: bytes, bits: int = 16) -> bytes:
    """The content as a .Z file in block mode, with codes of `bits` at most; a full dictionary is cleared."""
    return pack(_codes(content, bits), bits)


def bomb(size: int) -> bytes:
    """A .Z file of that many zeros at least: each code stands for one zero more than the one before."""
    return pack([0, *range(CLEAR + 1, CLEAR + 2 + int((2 * size) ** 0.5))])


def pack(codes: Iterable[int], bits: int = 16) -> bytes:
    """Codes in groups of eight, with a bit more as soon as a decoder knows too many strings."""
    packed = bytearray((0x1F, 0x9D, 0x80 | bits))
    group: list[int] = []
    width, known = 9, CLEAR

    def flush(last: bool = False) -> None:
        if group:
            number = sum(code << (width * place) for place, code in enumerate(group))
            packed.extend(number.to_bytes(-(-len(group) * width // 8) if last else width, "little"))
            group.clear()

    for code in codes:
        group.append(code)
        known += 1
        if code == CLEAR:
            flush()
            width, known = 9, CLEAR
        elif known == 1 << width and width < bits:
            flush()
            width += 1
        elif len(group) == 8:
            flush()
    flush(last=True)
    return bytes(packed)


def _codes(content: bytes, bits: int) -> Iterator[int]:
    start = {bytes([byte]): byte for byte in range(256)}
    strings, text = dict(start), b""
    for byte in content:
        longer = text + bytes([byte])
        if longer in strings:
            text = longer
            continue
        yield strings[text]
        if len(strings) + 1 < 1 << bits:
            strings[longer] = len(strings) + 1  # 256 is CLEAR
        else:
            yield CLEAR
            strings = dict(start)
        text = bytes([byte])
    if text:
        yield strings[text]
