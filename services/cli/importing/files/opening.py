"""A file to import, opened by what the mapping and its name say of it. Compressed with gzip where it ends so."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from pathlib import Path
from typing import Any

from services.cli.importing.files.rows import FileRefused, RowFile
from services.cli.importing.mapping import FileFormat, ImportMapping

_BY_SUFFIX = {
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.CSV,
    ".txt": FileFormat.CSV,
    ".jsonl": FileFormat.JSON_LINES,
    ".ndjson": FileFormat.JSON_LINES,
    ".json": FileFormat.JSON_LINES,
    ".parquet": FileFormat.PARQUET,
}
_OTHER_ENCODINGS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_MAGIC = {b"PAR1": "a Parquet file", b"\x1f\x8b": "compressed with gzip", b"PK\x03\x04": "a zip archive"}

_ESCAPING = "tandem.escaping"

READ_FAULTS = (OSError, EOFError, zlib.error, UnicodeError)
"""What reading on can meet in a file that is damaged."""


def open_rows(path: Path, mapping: ImportMapping) -> RowFile:
    """Raises FileRefused, also where the file holds nothing."""
    kind = mapping.format or _BY_SUFFIX.get(_suffix(path))
    if kind is None:
        raise FileRefused(f"{path}: what is it? Write `format: csv`, json_lines or parquet in the mapping")
    try:
        if path.stat().st_size == 0:
            raise FileRefused(f"{path}: the file is empty")
        return _opened(kind, path, mapping)
    except READ_FAULTS as error:
        raise FileRefused(f"{path}: cannot be read: {error}") from error


def _opened(kind: FileFormat, path: Path, mapping: ImportMapping) -> RowFile:
    if kind is FileFormat.PARQUET:
        from services.cli.importing.files.parquet_rows import ParquetRows  # an optional package is imported on use

        return ParquetRows(path)
    if kind is FileFormat.JSON_LINES:
        from services.cli.importing.files.json_rows import JsonRows

        return JsonRows(path, TextFile(path, mapping.encoding))
    from services.cli.importing.files.csv_rows import CsvRows

    delimiter = mapping.delimiter or ("\t" if _suffix(path) == ".tsv" else ",")
    return CsvRows(path, TextFile(path, mapping.encoding), delimiter, mapping.header)


def _suffix(path: Path) -> str:
    return Path(path.stem if path.suffix.lower() == ".gz" else path.name).suffix.lower()


class TextFile:
    """Lines of text, and how far into the file on disk they reach."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._size = max(path.stat().st_size, 1)
        self._raw = path.open("rb")
        try:
            is_compressed = path.suffix.lower() == ".gz"
            binary: Any = gzip.GzipFile(fileobj=self._raw) if is_compressed else self._raw
            start = io.BufferedReader(binary)
            _check_start(path, start.peek(4)[:4], encoding)
            # Bytes that are no text stay recognisable, so that one of them spoils one row.
            self._text = io.TextIOWrapper(start, _tolerating_bom(encoding), errors=_ESCAPING, newline="")
        except BaseException:
            self._raw.close()
            raise

    def readline(self, limit: int) -> str:
        """Up to the end of the line, or as many characters as the limit allows."""
        return self._text.readline(limit)

    def fraction(self) -> float:
        return min(self._raw.tell() / self._size, 1.0)

    def close(self) -> None:
        self._text.close()
        self._raw.close()


def is_text(text: str) -> bool:
    """Whether all of it was in the encoding of the file, and is no binary data."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Each byte as U+DC00 and its value: `surrogateescape`, which leaves out the bytes below 128 that other encodings
    than UTF-8 can stumble over."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_ESCAPING, _escaped)


def _check_start(path: Path, start: bytes, encoding: str) -> None:
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise FileRefused(f"{path}: is {what}, not text: rename it, or write its `format` in the mapping")
    if encoding == "utf-8":
        for bom, name in _OTHER_ENCODINGS.items():
            if start.startswith(bom):
                raise FileRefused(f"{path}: is encoded in {name}: write `encoding: {name}` in the mapping")


def _tolerating_bom(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding
