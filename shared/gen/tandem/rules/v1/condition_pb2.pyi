from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class OnUnknown(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_UNKNOWN_UNSPECIFIED: _ClassVar[OnUnknown]
    ON_UNKNOWN_FAIL: _ClassVar[OnUnknown]
    ON_UNKNOWN_PASS: _ClassVar[OnUnknown]
    ON_UNKNOWN_DEFAULT: _ClassVar[OnUnknown]
ON_UNKNOWN_UNSPECIFIED: OnUnknown
ON_UNKNOWN_FAIL: OnUnknown
ON_UNKNOWN_PASS: OnUnknown
ON_UNKNOWN_DEFAULT: OnUnknown

class SourcePosition(_message.Message):
    __slots__ = ("file", "line", "column")
    FILE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    file: str
    line: int
    column: int
    def __init__(self, file: _Optional[str] = ..., line: _Optional[int] = ..., column: _Optional[int] = ...) -> None: ...
