"""Any two of PyTorch, ONNX, OM, bundle and saved outputs, held against each other; numbers first, then the task."""
