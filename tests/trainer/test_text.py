"""Decoding, and telling text from binary."""

import codecs
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_trainer.errors import LeftOut
from charwise_trainer.text import END, START, printable, read_regular, readable_size, to_utf8

UNCERTAIN = "not UTF-8, and its encoding is not certain"
RUSSIAN = "Это русский текст, который нужно правильно определить. Программа читает файл.\n" * 10
JAPANESE = "これは日本語のテキストです。文字コードを判定します。設定を読み込む関数。\n" * 10
CHINESE = "這是一個中文文本文件。用來測試編碼檢測。程式讀取檔案。\n" * 10
GERMAN = "Die Straße führt über die Brücke zum Gebäude, wo früher größere Häuser standen.\n" * 10
FRENCH = "Le garçon a mangé une pêche à la fenêtre. Où est passée la façade du château ?\n" * 8


def reason(raw: bytes) -> str:
    with pytest.raises(LeftOut) as caught:
        to_utf8(raw)
    return str(caught.value)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=300))
def test_utf8_stays_as_it_is(text: str) -> None:
    assert to_utf8(text.encode()) == text.encode().removeprefix(codecs.BOM_UTF8)


@given(st.binary(max_size=300) | st.binary(max_size=30).map(lambda raw: b"def f():\r\n\treturn 1\n" * 20 + raw))
def test_whatever_it_is_the_answer_is_text_or_a_reason(raw: bytes) -> None:
    """Any bytes become valid UTF-8 without the marks, or are left out."""
    try:
        text = to_utf8(raw)
    except LeftOut:
        return
    text.decode()
    assert START not in text
    assert END not in text


def test_line_ends_stay_as_they_are() -> None:
    assert to_utf8(b"a\r\nb\nc\r") == b"a\r\nb\nc\r"


def test_marks_in_a_text_are_dropped() -> None:
    """They stand for a document's beginning and end, so a text cannot hold them."""
    assert to_utf8(b"x = 1\n" * 100 + START + b"y" + END) == b"x = 1\n" * 100 + b"y"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    assert to_utf8("größer\r\n日本\n".encode(encoding)) == "größer\r\n日本\n".encode()


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE])
def test_byte_order_mark_before_noise_tells_nothing(mark: bytes) -> None:
    assert reason(mark + b"\x00\xd8a") == UNCERTAIN


@pytest.mark.parametrize(
    "raw",
    [b"abc\0def", bytes(range(1, 32)) * 4, "text without mark".encode("utf-16-le"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
)
def test_binary(raw: bytes) -> None:
    assert reason(raw) == "binary"


def test_page_breaks_and_terminal_colours_are_text() -> None:
    assert to_utf8(b"\x1b[1mbold\x1b[0m\n\f\n" * 9) == b"\x1b[1mbold\x1b[0m\n\f\n" * 9


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(RUSSIAN, "koi8-r"), (JAPANESE, "shift_jis"), (JAPANESE, "euc_jp"), (CHINESE, "big5"), (GERMAN, "latin-1")],
)
def test_other_encodings_are_decoded_where_only_one_fits(text: str, encoding: str) -> None:
    assert to_utf8(text.encode(encoding)) == text.encode()


def test_declared_encoding_is_believed() -> None:
    text = f"# -*- coding: iso-8859-1 -*-\n{FRENCH}"
    assert to_utf8(text.encode("latin-1")) == text.encode()


@pytest.mark.parametrize(
    "raw",
    [
        FRENCH.encode("latin-1"),  # reads well in four encodings, each time otherwise
        b"# written by Ren\xe9\nimport os\n",
        FRENCH.encode() + b"caf\xe9\n",  # UTF-8, but for one letter
        FRENCH.encode()[:-1] + b"\xc3",  # broken off in a letter
    ],
)
def test_unsure_encodings_are_left_out(raw: bytes) -> None:
    """Wrong letters are worse than none."""
    assert reason(raw) == UNCERTAIN


def test_long_text_in_another_encoding_is_decoded_as_a_whole() -> None:
    """The guess is made from a part, the decoding is not."""
    text = "x = 1\n" * 30_000 + JAPANESE * 40
    assert to_utf8(text.encode("shift_jis")) == text.encode()
    assert reason(text.encode("shift_jis") + b"\x81") == UNCERTAIN


def test_printable_name_is_one_line_of_utf8() -> None:
    assert printable("src/größe 1.py") == "src/größe 1.py"
    assert printable("a\nb\x02\x7f\udcff") == "a\ufffdb\ufffd\ufffd\ufffd"


@pytest.mark.parametrize(
    ("count", "text"), [(10, "10 bytes"), (1_500, "1.5 kB"), (1_000_000, "1 MB"), (5 * 10**10, "50 GB")]
)
def test_readable_size(count: int, text: str) -> None:
    assert readable_size(count) == text


def test_read_regular_opens_nothing_but_files(tmp_path: Path) -> None:
    """A pipe does not make it wait, a link does not lead it elsewhere."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "file", 4)[0] == b"text"
    for name, why in (
        ("pipe", "not a regular file"),
        ("link", "not readable"),
        (".", "not a regular file"),
        ("none", "it vanished while it was read"),
        ("file/x", "not readable"),
    ):
        with pytest.raises(LeftOut, match=why):
            read_regular(tmp_path / name, 4)


@pytest.mark.skipif(sys.platform != "linux", reason="files without a size are Linux's")
def test_read_regular_stops_at_the_limit_whatever_the_size_said() -> None:
    """The system gives such a file's size as 0, as it would be for one that grows meanwhile."""
    with pytest.raises(LeftOut, match="larger than 10 bytes"):
        read_regular("/proc/self/status", 10)
