"""Protobuf messages for tests, built without protoc.

// shop/money.proto                        // shop/order.proto
message Money { int64 cents = 1; }         message Refund { int64 id = 1; }
                                           message Order {
                                             message Line { string sku = 1; }
                                             int64 id = 1;
                                             Money total = 2;
                                             repeated Line lines = 3;
                                             google.protobuf.Timestamp at = 4;
                                           }
"""

from __future__ import annotations

from typing import Any

from google.protobuf import timestamp_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

INT64 = FieldDescriptorProto.TYPE_INT64
STRING = FieldDescriptorProto.TYPE_STRING
MESSAGE = FieldDescriptorProto.TYPE_MESSAGE
OPTIONAL = FieldDescriptorProto.LABEL_OPTIONAL
REPEATED = FieldDescriptorProto.LABEL_REPEATED


def new_file(name: str, *imports: str) -> FileDescriptorProto:
    return FileDescriptorProto(name=name, package="shop", syntax="proto3", dependency=imports)


def add_message(parent: Any, name: str, **fields: tuple[int, Any, int, str]) -> DescriptorProto:
    message: DescriptorProto = parent.add(name=name)
    for field, (number, kind, label, type_name) in fields.items():
        message.field.add(name=field, number=number, type=kind, label=label, type_name=type_name or None)
    return message


def classes_of(*files: FileDescriptorProto) -> DescriptorPool:
    pool = DescriptorPool()
    timestamp = FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(timestamp)
    for file in (timestamp, *files):
        pool.Add(file)
    return pool


def message_class(pool: DescriptorPool, name: str) -> Any:
    return GetMessageClass(pool.FindMessageTypeByName(name))


MONEY_FILE = new_file("shop/money.proto")
add_message(MONEY_FILE.message_type, "Money", cents=(1, INT64, OPTIONAL, ""))

ORDER_FILE = new_file("shop/order.proto", "shop/money.proto", "google/protobuf/timestamp.proto")
add_message(ORDER_FILE.message_type, "Refund", id=(1, INT64, OPTIONAL, ""))
add_message(
    add_message(
        ORDER_FILE.message_type,
        "Order",
        id=(1, INT64, OPTIONAL, ""),
        total=(2, MESSAGE, OPTIONAL, ".shop.Money"),
        lines=(3, MESSAGE, REPEATED, ".shop.Order.Line"),
        at=(4, MESSAGE, OPTIONAL, ".google.protobuf.Timestamp"),
    ).nested_type,
    "Line",
    sku=(1, STRING, OPTIONAL, ""),
)

POOL = classes_of(MONEY_FILE, ORDER_FILE)
Money = message_class(POOL, "shop.Money")
Refund = message_class(POOL, "shop.Refund")
Order = message_class(POOL, "shop.Order")
Line = message_class(POOL, "shop.Order.Line")
