"""A posterior as bytes: SHA-256 (32 bytes) and then a zstd frame of msgpack. Only the slots that learning touched."""

from __future__ import annotations

import hashlib
from dataclasses import astuple

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard

from services.scoring.domain.amounts_encoding import EncodedAmounts, decode_amounts, encode_amounts
from services.scoring.domain.hashing import TABLE_SIZE
from services.scoring.domain.posterior import Posterior
from services.scoring.domain.priors import Kind
from services.scoring.domain.standards import Standard

_FORMAT = 3
_DIGEST_BYTES = 32
_MAX_BYTES = 28 * TABLE_SIZE + 64 * 2**20


class _Content(msgspec.Struct, omit_defaults=True):
    format: int
    model_id: str
    position: int
    offset: float | None
    evidence: dict[str, int]
    slots: bytes
    mean: bytes
    variance: bytes
    count: bytes
    scale_mean: bytes
    scale_variance: bytes
    level: bytes
    responses: int
    standards: dict[str, tuple[int, float, float]]
    amounts: EncodedAmounts | None = None
    """None of a model that learnt none: snapshots of before there were amounts have none, and are as they are now."""


def encode(model_id: str, posterior: Posterior) -> bytes:
    """Some 6 MB where every slot is in use."""
    touched = np.flatnonzero((posterior.count != 0.0) | (posterior.variance != 1.0) | (posterior.mean != 0.0))
    content = _Content(
        format=_FORMAT,
        model_id=model_id,
        position=posterior.position,
        offset=posterior.offset,
        evidence=posterior.evidence,
        slots=touched.astype("<i4").tobytes(),
        mean=_bytes(posterior.mean[touched]),
        variance=_bytes(posterior.variance[touched]),
        count=_bytes(posterior.count[touched]),
        scale_mean=_bytes(posterior.scale_mean),
        scale_variance=_bytes(posterior.scale_variance),
        level=_bytes(posterior.level),
        responses=posterior.responses,
        standards={name: astuple(standard) for name, standard in posterior.standards.items()},
        amounts=encode_amounts(posterior.amounts),
    )
    frame = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(content))
    return hashlib.sha256(frame).digest() + frame


def decode(model_id: str, snapshot: bytes) -> Posterior:
    """The same posterior, bit by bit. Raises ValueError, saying why, where the snapshot must not be used."""
    digest, frame = snapshot[:_DIGEST_BYTES], snapshot[_DIGEST_BYTES:]
    if hashlib.sha256(frame).digest() != digest:
        raise ValueError("the checksum does not match")
    content = _content(frame)
    if content.format != _FORMAT or content.model_id != model_id:
        raise ValueError(f"it is of {content.model_id}, format {content.format}; this is {model_id}, format {_FORMAT}")
    touched = np.frombuffer(content.slots, "<i4")
    mean, variance, count = np.zeros(TABLE_SIZE), np.ones(TABLE_SIZE), np.zeros(TABLE_SIZE)
    mean[touched] = _floats(content.mean, len(touched))
    variance[touched] = _floats(content.variance, len(touched))
    count[touched] = _floats(content.count, len(touched))
    return Posterior(
        mean=mean,
        variance=variance,
        count=count,
        scale_mean=_floats(content.scale_mean, len(Kind)),
        scale_variance=_floats(content.scale_variance, len(Kind)),
        level=_floats(content.level, len(Kind)),
        responses=content.responses,
        evidence=content.evidence,
        offset=content.offset,
        position=content.position,
        standards={name: Standard(*each) for name, each in content.standards.items()},
        amounts=decode_amounts(content.amounts),
    )


def _content(frame: bytes) -> _Content:
    try:
        packed = zstandard.ZstdDecompressor().decompress(frame, max_output_size=_MAX_BYTES)
        return msgspec.msgpack.decode(packed, type=_Content)
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise ValueError(f"it cannot be read: {error}") from error


def _bytes(array: npt.NDArray[np.float64]) -> bytes:
    return array.astype("<f8").tobytes()


def _floats(content: bytes, count: int) -> npt.NDArray[np.float64]:
    array = np.frombuffer(content, "<f8").astype(np.float64)
    if len(array) != count or not np.isfinite(array).all():
        raise ValueError("its arrays do not fit")
    return array
