"""Tiny networks as ONNX files, made here: they give what a test wrote down, whatever they see."""

import numpy as np
import pytest


def write(path, inputs, outputs, seen=False):
    """Writes a network of constant outputs.

    Args:
      path: of the file.
      inputs: shape by name; of float32.
      outputs: arrays, float32 or int64, in order.
      seen: whether the first output is multiplied by the mean of the first input.
    """
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper, numpy_helper

    kinds = {"f": TensorProto.FLOAT, "i": TensorProto.INT64}
    outputs = [np.asarray(one) for one in outputs]
    outputs = [one.astype(np.float32 if one.dtype.kind == "f" else np.int64) for one in outputs]
    nodes, values = [], []
    for i, one in enumerate(outputs):
        constant = numpy_helper.from_array(one, f"value{i}")
        nodes.append(helper.make_node("Constant", [], [f"constant{i}"], value=constant))
        if i == 0 and seen:
            nodes.append(helper.make_node("ReduceMean", [next(iter(inputs))], ["mean"], keepdims=0))
            nodes.append(helper.make_node("Mul", ["mean", "constant0"], ["out0"]))
        else:
            nodes.append(helper.make_node("Identity", [f"constant{i}"], [f"out{i}"]))
        values.append(helper.make_tensor_value_info(f"out{i}", kinds[one.dtype.kind], one.shape))
    given = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()]
    graph = helper.make_graph(nodes, "constant", given, values)
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
