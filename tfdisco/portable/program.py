"""A package's modules on a device, by jax; without TensorFlow."""

import dataclasses

import jax
import numpy as np
from jax import export
from jax.tree_util import tree_structure

from tfdisco.portable.package import ADVICE, CONSTANT, MODULES, STATE

jax.config.update('jax_enable_x64', True)  # counters are int64


class Program:
    """A part of the step, compiled for the device.

    Attributes:
      terms: names of what it returns.
      flops: floating-point operations of a call, as the compiler counts them, or 0.
    """

    def __init__(self, package, name, arguments):
        """Compiles a module.

        Args:
          package: `package.Package`.
          name: of the module.
          arguments: {name: array, or what has its shape and dtype} of all its inputs.

        Raises:
          FileNotFoundError: if there is no such module.
          ValueError: if it is damaged, or takes something else.
        """
        record = package.card['modules'][name]
        self.terms = record['terms']
        # State that is written comes first: its memory is used again for what takes its place.
        written = [result for result in record['outputs'] if result]
        self._written, self._read = written, [
            argument for argument in record['inputs'] if argument not in written]
        path = f'{MODULES}/{name}.mlir'
        module = package.read(MODULES, f'{name}.mlir')
        if missing := [name for name in record['inputs'] if name not in arguments]:
            raise ValueError(f'{path}: expected arguments among those of the package, got '
                             f'{missing}; {ADVICE}')
        shapes = {name: jax.ShapeDtypeStruct(np.shape(arguments[name]), arguments[name].dtype)
                  for name in record['inputs']}

        def call(written, read):
            given = {**written, **read}
            results = exported.call(*[given[name] for name in record['inputs']])
            return results[0], dict(zip(record['outputs'][1:], results[1:]))

        try:
            exported = _exported(module, [shapes[name] for name in record['inputs']],
                                 [self._result(record, shapes)] + [
                                     shapes[name] for name in written])
            self._compiled = jax.jit(call, donate_argnums=0).lower(
                {name: shapes[name] for name in self._written},
                {name: shapes[name] for name in self._read}).compile()
        except Exception as error:  # of the parser of modules and of the compiler, any
            raise ValueError(f'{path}: expected a module of {len(record["inputs"])} arguments, got '
                             f'one that does not compile ({str(error).splitlines()[0]}); {ADVICE}'
                             ) from error
        costs = self._compiled.cost_analysis() or {}
        self.flops = float((costs[0] if isinstance(costs, list) else costs).get('flops', 0.0))

    def _result(self, record, shapes):
        """Shape and type of what the function itself returns."""
        shape, dtype = record['result']
        return jax.ShapeDtypeStruct(shape, np.dtype(dtype))

    def __call__(self, values):
        """Replaces in values, {name: array}, what the part writes; returns its result.

        The arrays that were replaced are worth nothing from then on.
        """
        result, new = self._compiled({name: values[name] for name in self._written},
                                     {name: values[name] for name in self._read})
        values.update(new)
        return result


def _exported(module, inputs, outputs):
    """A `jax.export.Exported` of a module of TensorFlow's.

    One of the same arguments is made, for its form, and gets the module.
    """
    template = export.export(jax.jit(lambda *arguments: arguments[:1]))(*inputs)
    none = {name: (None,) * len(outputs) for name in ('out_shardings_hlo', '_out_named_shardings')
            if hasattr(template, name)}
    return dataclasses.replace(
        template, fun_name='step', mlir_module_serialized=module,
        out_avals=tuple(jax.core.ShapedArray(shape.shape, shape.dtype) for shape in outputs),
        out_tree=tree_structure(tuple(range(len(outputs)))),
        module_kept_var_idx=tuple(range(len(inputs))), **none)


def on_device(package, snapshot):
    """{name of an argument: array on the device} of state and constants."""
    arrays = {**{STATE + name: value for name, value in snapshot.arrays.items()},
              **{CONSTANT + name: value for name, value in package.constants().items()}}
    return {name: jax.device_put(value) for name, value in arrays.items()}
