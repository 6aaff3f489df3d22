"""A program as an ONNX graph: a table with one rule for each operator."""
