"""Networks of other formats as ONNX, a file each, so that they run like any other model.

A converter's file has ``convert(path, options) -> onnx.ModelProto``. Adding a file adds the format; a model card names it
as `weights.format`, and the rest of its `weights` are the options.
"""
