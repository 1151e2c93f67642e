import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.type import money_pb2 as _money_pb2
from tandem.common.v1 import subject_pb2 as _subject_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OrderLine(_message.Message):
    __slots__ = ("sku", "quantity", "net_price", "margin")
    SKU_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    NET_PRICE_FIELD_NUMBER: _ClassVar[int]
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    sku: str
    quantity: float
    net_price: _money_pb2.Money
    margin: _money_pb2.Money
    def __init__(self, sku: _Optional[str] = ..., quantity: _Optional[float] = ..., net_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., margin: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class Conversion(_message.Message):
    __slots__ = ("conversion_id", "subject", "occurred_time", "order_id", "lines", "store_id", "coupon_code", "reverses_conversion_id")
    CONVERSION_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_TIME_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    COUPON_CODE_FIELD_NUMBER: _ClassVar[int]
    REVERSES_CONVERSION_ID_FIELD_NUMBER: _ClassVar[int]
    conversion_id: str
    subject: _subject_pb2.Subject
    occurred_time: _timestamp_pb2.Timestamp
    order_id: str
    lines: _containers.RepeatedCompositeFieldContainer[OrderLine]
    store_id: str
    coupon_code: str
    reverses_conversion_id: str
    def __init__(self, conversion_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., occurred_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., order_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[OrderLine, _Mapping]]] = ..., store_id: _Optional[str] = ..., coupon_code: _Optional[str] = ..., reverses_conversion_id: _Optional[str] = ...) -> None: ...

class RecordConversionsRequest(_message.Message):
    __slots__ = ("request_id", "conversions")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONVERSIONS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    conversions: _containers.RepeatedCompositeFieldContainer[Conversion]
    def __init__(self, request_id: _Optional[str] = ..., conversions: _Optional[_Iterable[_Union[Conversion, _Mapping]]] = ...) -> None: ...

class RecordConversionsResponse(_message.Message):
    __slots__ = ("items",)
    class Result(_message.Message):
        __slots__ = ("conversion_id", "profile_id", "duplicate")
        CONVERSION_ID_FIELD_NUMBER: _ClassVar[int]
        PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
        DUPLICATE_FIELD_NUMBER: _ClassVar[int]
        conversion_id: str
        profile_id: str
        duplicate: bool
        def __init__(self, conversion_id: _Optional[str] = ..., profile_id: _Optional[str] = ..., duplicate: _Optional[bool] = ...) -> None: ...
    class Item(_message.Message):
        __slots__ = ("result", "error")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        result: RecordConversionsResponse.Result
        error: _status_pb2.Status
        def __init__(self, result: _Optional[_Union[RecordConversionsResponse.Result, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[RecordConversionsResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[RecordConversionsResponse.Item, _Mapping]]] = ...) -> None: ...

class Touch(_message.Message):
    __slots__ = ("touch_id", "subject", "platform", "campaign_ref", "cost", "occurred_time")
    TOUCH_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_REF_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_TIME_FIELD_NUMBER: _ClassVar[int]
    touch_id: str
    subject: _subject_pb2.Subject
    platform: str
    campaign_ref: str
    cost: _money_pb2.Money
    occurred_time: _timestamp_pb2.Timestamp
    def __init__(self, touch_id: _Optional[str] = ..., subject: _Optional[_Union[_subject_pb2.Subject, _Mapping]] = ..., platform: _Optional[str] = ..., campaign_ref: _Optional[str] = ..., cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., occurred_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordTouchesRequest(_message.Message):
    __slots__ = ("request_id", "touches")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TOUCHES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    touches: _containers.RepeatedCompositeFieldContainer[Touch]
    def __init__(self, request_id: _Optional[str] = ..., touches: _Optional[_Iterable[_Union[Touch, _Mapping]]] = ...) -> None: ...

class RecordTouchesResponse(_message.Message):
    __slots__ = ("items",)
    class Result(_message.Message):
        __slots__ = ("touch_id", "profile_id", "duplicate")
        TOUCH_ID_FIELD_NUMBER: _ClassVar[int]
        PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
        DUPLICATE_FIELD_NUMBER: _ClassVar[int]
        touch_id: str
        profile_id: str
        duplicate: bool
        def __init__(self, touch_id: _Optional[str] = ..., profile_id: _Optional[str] = ..., duplicate: _Optional[bool] = ...) -> None: ...
    class Item(_message.Message):
        __slots__ = ("result", "error")
        RESULT_FIELD_NUMBER: _ClassVar[int]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        result: RecordTouchesResponse.Result
        error: _status_pb2.Status
        def __init__(self, result: _Optional[_Union[RecordTouchesResponse.Result, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[RecordTouchesResponse.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[RecordTouchesResponse.Item, _Mapping]]] = ...) -> None: ...
