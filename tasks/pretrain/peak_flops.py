"""The peak that MFU (model FLOPs utilisation) is measured against."""

from __future__ import annotations

import time

import torch
import torch.distributed as dist

# Dense bf16 tensor-core peaks, FLOP/s, from NVIDIA's data sheets; the first name that the device's name
# holds.
BF16_PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
SIZE = 1024


def peak_flops(device: torch.device, dtype: str) -> tuple[float, str]:
    """FLOP/s of all ranks together, and where the figure is from: a data sheet (bf16 on a known GPU), or a
    measured
    matrix product (all ranks at once, so that ranks that share a processor share its peak)."""
    if device.type == "cuda" and dtype == "bf16":
        name = torch.cuda.get_device_name(device)
        for model, peak in BF16_PEAKS.items():
            if model in name:
                return peak * dist.get_world_size(), f"{model}, dense bf16, data sheet"
    measured = torch.tensor(_measure(device, torch.bfloat16 if dtype == "bf16" else torch.float32))
    measured = measured.to(device)
    dist.all_reduce(measured)
    return float(measured), f"measured {SIZE}³ {dtype} matrix product"


def _measure(device: torch.device, dtype: torch.dtype, repeats: int = 8) -> float:
    left, right = (torch.ones(SIZE, SIZE, dtype=dtype, device=device) for _ in range(2))
    left @ right
    dist.barrier()
    best = 0.0
    for _ in range(repeats):
        _settle(device)
        start = time.perf_counter()
        left @ right
        _settle(device)
        best = max(best, 2 * SIZE**3 / (time.perf_counter() - start))
    return best


def _settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
