"""Where the CUDA kernels run when they are checked and timed."""

import time

import numpy as np
import torch

from tfdisco.benchmarks import gpu_cases
from tfdisco.ops.capi import DTYPES

TYPES = dict(zip(DTYPES, (torch.float32, torch.float16, torch.bfloat16)))


class Device:
    """Where kernels run: 'cuda', 'cpu', or 'emulated', which are the GPU's on the CPU."""

    def __init__(self, kind, library, threads):
        """See `Device`; `library`: `Library`; `threads`: of kind 'cpu'."""
        self.kind, self._library, self._threads = kind, library, threads
        self.place = torch.device('cuda' if kind == 'cuda' else 'cpu')

    def call(self, name, *arguments):
        """Starts a kernel; its sizes stay on the host."""
        if self.kind == 'cpu':
            return self._library(f'{name}_cpu', *arguments, self._threads)
        stream = torch.cuda.current_stream().cuda_stream if self.kind == 'cuda' else None
        return self._library(f'{name}_gpu', *arguments, stream)

    def give(self, value, dtype):
        """An argument of a `Case` as a kernel takes it."""
        if isinstance(value, gpu_cases.Image):
            return torch.from_numpy(value.values).to(TYPES[dtype]).to(self.place)
        if isinstance(value, np.ndarray) and value.dtype != np.int64:  # sizes are int64
            return torch.from_numpy(value).to(self.place)
        return value

    def outputs(self, case):
        """The outputs of a `Case`, float32 or int32 arrays of the host."""
        made = [torch.full(shape, 77, dtype=TYPES[case.dtype] if kind == 'image'
                           else getattr(torch, kind), device=self.place)
                for shape, kind in case.outputs]
        self.call(case.name, *(self.give(value, case.dtype) for value in case.before), *made)
        return [output.float().cpu().numpy() if output.is_floating_point() else
                output.cpu().numpy() for output in made]

    def seconds(self, function, rounds):
        """The median of rounds, of calls that come one after the other."""
        def wait():
            if self.kind == 'cuda':
                torch.cuda.synchronize()

        function()
        taken = []
        for _ in range(rounds):
            wait()
            calls = 10 if self.kind == 'cuda' else 1
            began = time.perf_counter()
            for _ in range(calls):
                function()
            wait()
            taken.append((time.perf_counter() - began) / calls)
        return float(np.median(taken))
