"""models: how models run here. Weights by hub id or path, device and precision, batches, torch, onnxruntime, chat."""
