"""What measures latencies on a target: modules here, one file there.

They need Python 3.9 and torch or ONNX Runtime; `one_file` puts them together.
"""
