"""The process: `python -m services.rules.durable_worker <progress fd> <memory bytes> <alarm s>`. See `wire`."""

from __future__ import annotations

import os
import resource
import signal
import sys

from services.rules.durable_worker.service import Worker
from services.rules.durable_worker.wire import LENGTH_BYTES, REQUESTS, Failed, framed

_STDIN, _STDOUT, _STDERR = 0, 1, 2


def main(progress_fd: int, memory_bytes: int, alarm_s: float) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A terminal's Ctrl-C reaches the whole group: the parent ends its workers itself, when its calls are done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever the C code prints is no answer.
    answers = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    worker = Worker(progress_fd, alarm_s)
    while (content := _read_frame()) is not None:
        answer = worker.answer(REQUESTS.decode(content))
        _write(answers, framed(answer))
        if isinstance(answer, Failed):
            return 1
    return 0


def _read_frame() -> bytes | None:
    """None at the end."""
    length = _read(LENGTH_BYTES)
    return None if length is None else _read(int.from_bytes(length, "big"))


def _read(size: int) -> bytes | None:
    content = bytearray()
    while len(content) < size:
        part = os.read(_STDIN, size - len(content))
        if not part:
            return None
        content += part
    return bytes(content)


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


if __name__ == "__main__":
    # Without the interpreter's own clean-up: it would run the engine's.
    os._exit(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
