"""Inference devices by name; one that is not there is an error, never a fallback."""

from __future__ import annotations

import onnxruntime

from mien.errors import DeviceError

_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}


def provider_of(device: str) -> str:
    """Return ONNX Runtime's provider for a device name; raises DeviceError if it is not there."""
    if device not in _PROVIDERS:
        raise DeviceError(f"device: got {device!r}, expected one of {', '.join(_PROVIDERS)}")
    provider = _PROVIDERS[device]
    available = onnxruntime.get_available_providers()
    if provider not in available:
        names = [name for name, known in _PROVIDERS.items() if known in available]
        raise DeviceError(
            f"device {device!r} is not there: the installed onnxruntime offers {', '.join(names)}; "
            "install the onnxruntime build for it, or pass device='cpu'"
        )
    return provider
