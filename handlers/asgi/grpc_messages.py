"""The messages of the Open Inference Protocol over gRPC, as far as the server needs them.

Package, names and numbers are those of KServe's open_inference_grpc.proto. They are made in a pool of their own,
because the names belong to every client of the protocol, tritonclient for one, which describes them itself.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "inference"
SERVICE = "inference.GRPCInferenceService"

_Field = descriptor_pb2.FieldDescriptorProto

_TYPES = {
    "bool": _Field.TYPE_BOOL,
    "int64": _Field.TYPE_INT64,
    "double": _Field.TYPE_DOUBLE,
    "uint64": _Field.TYPE_UINT64,
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
}

_MESSAGES: dict[str, str] = {
    "ServerLiveRequest": "",
    "ServerLiveResponse": "bool live 1",
    "ServerReadyRequest": "",
    "ServerReadyResponse": "bool ready 1",
    "ModelReadyRequest": "string name 1, string version 2",
    "ModelReadyResponse": "bool ready 1",
    "ServerMetadataRequest": "",
    "ServerMetadataResponse": "string name 1, string version 2, string* extensions 3",
    "ModelMetadataRequest": "string name 1, string version 2",
    "TensorMetadata": "string name 1, string datatype 2, int64* shape 3",
    "ModelMetadataResponse": "string name 1, string* versions 2, string platform 3, TensorMetadata* inputs 4, "
    "TensorMetadata* outputs 5",
    "InferParameter": "bool bool_param 1, int64 int64_param 2, string string_param 3, double double_param 4, "
    "uint64 uint64_param 5",
    "InferTensorContents": "bytes* bytes_contents 8",
    "InferInputTensor": "string name 1, string datatype 2, int64* shape 3, InferParameter{} parameters 4, "
    "InferTensorContents contents 5",
    "InferRequestedOutputTensor": "string name 1, InferParameter{} parameters 2",
    "ModelInferRequest": "string model_name 1, string model_version 2, string id 3, InferParameter{} parameters 4, "
    "InferInputTensor* inputs 5, InferRequestedOutputTensor* outputs 6, bytes* raw_input_contents 7",
    "InferOutputTensor": "string name 1, string datatype 2, int64* shape 3, InferParameter{} parameters 4, "
    "InferTensorContents contents 5",
    "ModelInferResponse": "string model_name 1, string model_version 2, string id 3, InferParameter{} parameters 4, "
    "InferOutputTensor* outputs 5, bytes* raw_output_contents 6",
}
"""Fields of each message: type, with * where it is repeated and {} for a map from text, name, number."""

CALLS = ("ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer")
"""The calls of the service; requests and answers have their names."""


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="open_inference.proto", package=PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in filter(None, fields.split(", ")):
            _add(message, field)
        if name == "InferParameter":
            message.oneof_decl.add(name="parameter_choice")
            for one in message.field:
                one.oneof_index = 0
    return file


def _add(message: descriptor_pb2.DescriptorProto, described: str) -> None:
    kind, name, number = described.split()
    plain = kind.rstrip("*{}")
    repeated = kind != plain
    field = message.field.add(name=name, number=int(number))
    field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    if kind.endswith("{}"):
        entry = message.nested_type.add(name=f"{name.title()}Entry")
        entry.options.map_entry = True
        _add(entry, "string key 1")
        _add(entry, f"{plain} value 2")
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{PACKAGE}.{message.name}.{entry.name}"
    elif plain in _TYPES:
        field.type = _TYPES[plain]
    else:
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{PACKAGE}.{plain}"


def messages() -> dict[str, Any]:
    """The classes of the messages by their names.

    Returns
    -------
    dict of str to type
    """
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in _MESSAGES
    }


def parameters_of(message: Any) -> dict[str, Any]:
    """The parameters of a message as values of Python.

    Parameters
    ----------
    message : message with a map ``parameters``

    Returns
    -------
    dict of str to object
    """
    found = {}
    for name, value in message.parameters.items():
        which = value.WhichOneof("parameter_choice")
        if which is not None:
            found[name] = getattr(value, which)
    return found
