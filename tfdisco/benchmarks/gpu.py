"""Checks and times the CUDA kernels on a GPU; needs nvcc, NumPy and PyTorch, no TensorFlow.

    python -m tfdisco.benchmarks.gpu --out=gpu.json

Builds the C interface, compares every kernel with the CPU's, twice, to the same bits; times
them beside copies on the device and what PyTorch has; runs NVIDIA's compute-sanitizer. A few
minutes. Without a GPU, --device=cpu and --device=emulated rehearse it, with small --batch,
--size and --channels. --record=FILE compares with what another machine's --write=FILE got.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from tfdisco import files
from tfdisco.benchmarks import gpu_cases
from tfdisco.benchmarks.gpu_device import TYPES, Device
from tfdisco.ops import native
from tfdisco.ops.capi import DTYPES, Library

TIMED_TYPES = 'float32', 'bfloat16'
SANITIZER_TOOLS = 'memcheck', 'synccheck', 'racecheck'
SMALL = 2, 20, 24  # batch, size, channels where all is compared
ACT = 0.2, 2.0**0.5, float('inf')


def compare(device, cases, reference, say):
    """[{title, outputs: differences of what is allowed, repeats}]; `reference`: case -> arrays."""
    rows = []
    for case in cases:
        first, second = device.outputs(case), device.outputs(case)
        rows.append({
            'title': case.title,
            'of_allowed': [gpu_cases.difference(case, found, wanted)
                           for found, wanted in zip(first, reference(case))],
            'repeats': all(np.array_equal(a, b, equal_nan=True) for a, b in zip(first, second))})
        row = rows[-1]
        say(f'{"ok  " if passed(row) else "BAD "} {row["title"]}: {max(row["of_allowed"]):.2f} of '
            f'what is allowed, {"the same bits twice" if row["repeats"] else "OTHER BITS"}')
    return rows


def passed(row):
    """Whether a row of `compare` is as it must be."""
    return row['repeats'] and max(row['of_allowed']) <= 1


def timings(device, batch, size, channels, rounds, say):
    """[{name, dtype, ms, gigabytes_a_second, share_of_copy, torch_ms}]."""
    rows = []
    for dtype in TIMED_TYPES:
        for name, moved, ours, theirs in _timed(device, dtype, batch, size, channels):
            half = torch.empty(max(1, moved // 2), dtype=torch.uint8, device=device.place)
            other = torch.empty_like(half)
            copy = device.seconds(lambda: other.copy_(half), rounds)  # noqa: B023
            own = device.seconds(ours, rounds)
            peer = device.seconds(theirs, rounds) if theirs else None
            rows.append({'name': name, 'dtype': dtype, 'ms': 1e3 * own,
                         'gigabytes_a_second': moved / own / 1e9, 'share_of_copy': copy / own,
                         'torch_ms': None if peer is None else 1e3 * peer})
            say(f'{name:28} {dtype:9} {1e3 * own:9.3f} ms {moved / own / 1e9:8.0f} GB/s '
                f'{100 * copy / own:6.1f} % of copying'
                + ('' if peer is None else f'   PyTorch {1e3 * peer:9.3f} ms'))
    return rows


def _timed(device, dtype, batch, size, channels):
    """Yields (name, bytes read and written, our call, PyTorch's)."""
    shape, kind, code = (batch, size, size, channels), TYPES[dtype], DTYPES.index(dtype)
    pixels, rows = size * size, batch * size * size

    def normal(*shape, kind=torch.float32):
        return torch.randn(shape, device=device.place).to(kind)

    x, grad, second = (normal(*shape, kind=kind) for _ in range(3))
    output, output2 = torch.empty_like(x), torch.empty_like(x)
    scale, noise, bias = normal(batch, channels), normal(batch, pixels), normal(channels)
    scale2, noise2, bias2, sums = (torch.empty_like(value)
                                   for value in (scale, noise, bias, bias))
    one = x.numel() * x.element_size()
    noises = 4 * rows
    flat, wide = [rows, channels, code, *ACT], [batch, pixels, channels, code, *ACT]
    near, scales = bias.to(kind), scale.to(kind)[:, None, None]
    noisy = noise.to(kind).reshape(batch, size, size, 1)

    def activated(values):
        return F.leaky_relu(values, ACT[0]) * ACT[1]

    yield ('bias_act', 2 * one, lambda: device.call('bias_act', *flat, x, bias, output),
           lambda: activated(x + near))
    yield ('bias_act gradient', 3 * one,
           lambda: device.call('bias_act_grad', *flat, x, grad, output, sums), None)
    yield ('bias_act second gradient', 3 * one,
           lambda: device.call('bias_act_grad_grad', *flat, x, grad, bias, output), None)
    yield ('modulate', 2 * one + noises,
           lambda: device.call('modulate', *wide, x, scale, noise, bias, output),
           lambda: activated(x * scales + noisy + near))
    yield ('modulate gradient', 3 * one + 2 * noises,
           lambda: device.call('modulate_grad', *wide, x, scale, noise, bias, grad, output, scale2,
                               noise2, bias2), None)
    yield ('modulate second gradient', 5 * one + 2 * noises,
           lambda: device.call('modulate_grad_grad', *wide, x, scale, noise, bias, grad, second,
                               scale, noise, bias, output, scale2, output2), None)

    weights = normal(channels, channels, 3, 3, kind=kind).contiguous(
        memory_format=torch.channels_last)

    def convolved(image):
        return F.conv2d(image.permute(0, 3, 1, 2), weights, padding=1).permute(0, 2, 3, 1)

    def layer():
        device.call('modulate', batch, pixels, channels, code, 1.0, 1.0, float('inf'), x, scale,
                    None, torch.zeros_like(bias), output)
        between = convolved(output).contiguous()
        device.call('modulate', *wide, between, scale, noise, bias, between)

    yield ('layer: modulated conv 3x3', 6 * one, layer,
           lambda: activated(convolved(x * scales) * scales + noisy + near))

    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], device=device.place) / 8
    kernel = (taps[:, None] * taps).to(kind).expand(channels, 1, 4, 4).contiguous()
    for name, up, down in (('upfirdn2d', 1, 1), ('upfirdn2d up 2', 2, 1),
                           ('upfirdn2d down 2', 1, 2)):
        image = x if up == 1 else x[:, :size // 2, :size // 2].contiguous()
        sizes, small = gpu_cases.resampling(batch, image.shape[1], channels, up, down, 4)
        target = torch.empty(small, dtype=kind, device=device.place)
        planes = image.permute(0, 3, 1, 2)
        yield (name, (image.numel() + target.numel()) * image.element_size(),
               lambda image=image, target=target, sizes=sizes: device.call(
                   'upfirdn2d', sizes, code, image, taps, taps, target),
               (lambda planes=planes: F.conv_transpose2d(planes, kernel, stride=2, padding=1,
                                                         groups=channels)) if up == 2 else
               lambda planes=planes, down=down: F.conv2d(planes, kernel, stride=down, padding=2,
                                                         groups=channels))

    flow = normal(batch, size, size, 2)
    flows = 4 * flow.numel()
    grid = (torch.rand(batch, size, size, 2, device=device.place) * 2 - 1).to(kind)
    yield ('warp', 2 * one + flows,
           lambda: device.call('image_warp', *shape, code, x, flow, output),
           lambda: F.grid_sample(x.permute(0, 3, 1, 2), grid, padding_mode='border',
                                 align_corners=True))
    grad_flow = torch.empty_like(flow)
    yield ('warp gradient', 3 * one + 2 * flows,
           lambda: device.call('image_warp_grad', *shape, code, x, flow, grad, output, grad_flow),
           None)


def rasterized(device, batch, size, rounds, say):
    """{images_a_second, ms} of the built-in head."""
    clip, triangles = (device.give(value, None) for value in gpu_cases.head(batch))
    pixels = batch, size, size
    ids, depth = (torch.empty(pixels, dtype=kind, device=device.place)
                  for kind in (torch.int32, torch.float32))
    barycentrics = torch.empty((*pixels, 3), device=device.place)
    sizes = [batch, clip.shape[1], len(triangles), size, size]
    taken = device.seconds(lambda: device.call('rasterize_triangles', *sizes, 1, clip, triangles,
                                               ids, barycentrics, depth), rounds)
    say(f'rasterize the head, {len(triangles)} triangles: {batch / taken:.0f} images a second')
    return {'images_a_second': batch / taken, 'ms': 1e3 * taken, 'triangles': len(triangles)}


def sanitized(seconds, say):
    """{tool: its last line, or why there is none}."""
    command = shutil.which('compute-sanitizer') or shutil.which(
        '/usr/local/cuda/bin/compute-sanitizer')
    found = {}
    for tool in SANITIZER_TOOLS:
        if command is None:
            found[tool] = 'not run: no compute-sanitizer'
        else:
            try:
                done = subprocess.run(
                    [command, f'--tool={tool}', '--error-exitcode=9', sys.executable, '-m',
                     'tfdisco.benchmarks.gpu', '--only=compare'], check=False, text=True,
                    timeout=seconds / len(SANITIZER_TOOLS), stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT)
                found[tool] = f'status {done.returncode}: {done.stdout.strip().splitlines()[-1]}'
            except subprocess.TimeoutExpired:
                found[tool] = f'not done within {seconds / len(SANITIZER_TOOLS):.0f} s'
        say(f'{tool}: {found[tool]}')
    return found


def _recorded(path, cases):
    """case -> arrays, from a file of `_write`."""
    stored = files.read_npz(path, 'results', advice='write it again with --write')
    if str(stored['inputs']) != _digest(cases):
        raise ValueError(f'{path}: expected results for the inputs that this NumPy draws, got '
                         'those for others; write it again with --write')
    return lambda case: [stored[f'{case.title}/{index}'] for index in range(len(case.outputs))]


def _write(path, cases, reference):
    arrays = {f'{case.title}/{index}': output for case in cases
              for index, output in enumerate(reference(case))}
    files.write_npz(path, {**arrays, 'inputs': np.array(_digest(cases))})


def _digest(cases):
    found = hashlib.sha256()
    for case in cases:
        for value in case.before:
            value = value.values if isinstance(value, gpu_cases.Image) else value
            found.update(np.ascontiguousarray(value).tobytes())
    return found.hexdigest()


def main(arguments=None):
    """Runs from the command line; returns the exit status, 1 if a kernel is wrong."""
    parser = argparse.ArgumentParser(prog='python -m tfdisco.benchmarks.gpu',
                                     description='Checks and times the CUDA kernels.')
    parser.add_argument('--device', choices=('cuda', 'cpu', 'emulated'), default='cuda')
    parser.add_argument('--batch', type=int, default=32, help='of what is timed')
    parser.add_argument('--size', type=int, default=256, help='pixels of a side')
    parser.add_argument('--channels', type=int, default=64)
    parser.add_argument('--rounds', type=int, default=5, help='medians are taken of')
    parser.add_argument('--sanitizer_seconds', type=float, default=60)
    parser.add_argument('--only', choices=('compare', 'time'), help='one part')
    parser.add_argument('--record', help='the CPU\'s results of another machine')
    parser.add_argument('--write', help='writes the CPU\'s results there, and ends')
    parser.add_argument('--out', help='a JSON file of all figures')
    flags = parser.parse_args(arguments)
    began = time.monotonic()

    def say(text):
        print(f'{time.monotonic() - began:6.1f} s  {text}', flush=True)

    threads = os.cpu_count() or 1
    try:
        processor = Library(native.build_capi())
        cases = [case for dtype in DTYPES for case in gpu_cases.of_images(dtype, *SMALL)]
        cases += gpu_cases.of_images('float32', 1, 9, 5)  # no pack fits
        cases += gpu_cases.of_meshes(processor, 2, 72, threads)
        reference = Device('cpu', processor, threads).outputs
        if flags.write:
            _write(flags.write, cases, reference)
            say(f'wrote {flags.write}')
            return 0
        if flags.record:
            reference = _recorded(flags.record, cases)
        if flags.device == 'cuda' and not torch.cuda.is_available():
            raise RuntimeError('no GPU that PyTorch can use; --device=cpu rehearses')
        library = processor if flags.device == 'cpu' else Library(native.build_capi(
            cuda=True, emulated=flags.device == 'emulated'))
    except (RuntimeError, OSError, ValueError) as error:
        sys.exit(f'gpu: {error}')
    device = Device(flags.device, library, threads)
    name = torch.cuda.get_device_name() if flags.device == 'cuda' else flags.device
    say(f'{name}, PyTorch {torch.__version__}: the kernels are built')
    figures = {'device': name, 'torch': torch.__version__,
               'sizes': [flags.batch, flags.size, flags.size, flags.channels]}
    if flags.only != 'time':
        figures['compared'] = compare(device, cases, reference, say)
    if flags.only != 'compare':
        figures['timed'] = timings(device, flags.batch, flags.size, flags.channels, flags.rounds,
                                   say)
        figures['rasterized'] = rasterized(device, flags.batch, flags.size, flags.rounds, say)
    if flags.only is None and flags.device == 'cuda':
        figures['sanitized'] = sanitized(flags.sanitizer_seconds, say)
    if flags.out:
        files.write_json(flags.out, figures)
    wrong = [row['title'] for row in figures.get('compared', []) if not passed(row)]
    say(f'{len(wrong)} kernels are wrong' if wrong else 'done')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
