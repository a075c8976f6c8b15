"""The same LSTM, stepped by others: torch, torch's dynamic int8, onnxruntime; and by each of our own kernels.

All of them have the same weights and one interface, `Stepper`. What is not installed says why it is left out.
"""

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from charwise_daemon import kernel
from charwise_daemon.engine import engine_of
from charwise_daemon.kernel_engine import KernelEngine
from charwise_trainer.checkpoint import Checkpoint

Logits = NDArray[np.float32]  # (batch, 256)

# torch's order of an LSTM's gates is input, forget, cell, output; ONNX's is input, output, forget, cell.
_ONNX_GATES = (0, 3, 1, 2)


class Stepper(Protocol):
    """One character for each of a batch of texts, and the scores of what follows."""

    name: str
    largest: int  # batch

    def start(self, batch: int) -> Any:
        """Return the states before any character; called before each round, outside of the clock."""

    def step(self, states: Any, characters: bytes) -> tuple[Any, Logits]:
        """Return the states after one more character each, and the scores of the next."""


class Own:
    """An engine of charwise: numpy, or a path of the kernel."""

    def __init__(self, model: Checkpoint, path: str) -> None:
        self.name, self._engine = f"charwise {path}", engine_of(model.meta.model, model.weights, path)
        self.largest = kernel.MOST_BATCH if isinstance(self._engine, KernelEngine) else 1

    def start(self, batch: int) -> Any:
        """Return zeros."""
        first = self._engine.start()
        return first if batch == 1 else np.repeat(first[None], batch, 0)

    def step(self, states: Any, characters: bytes) -> tuple[Any, Logits]:
        """Step as the daemon does: one text by step and logits, several by step_batch."""
        if len(characters) == 1:
            after = self._engine.step(states, characters[0])
            return after, self._engine.logits(after)[None]
        assert isinstance(self._engine, KernelEngine)
        return self._engine.step_batch(states, characters)


class Torch:
    """`nn.LSTM` step by step, as a program does that knows nothing better; threads 0 is torch's default."""

    largest = 8

    def __init__(self, model: Checkpoint, threads: int, *, int8: bool = False) -> None:
        import torch  # noqa: PLC0415 - a second, of which a test of this module's other parts need not wait

        from charwise_trainer.model import CharLSTM  # noqa: PLC0415

        self._torch, self._threads = torch, threads or torch.get_num_threads()
        self._model: Any = CharLSTM(model.meta.config).eval()
        self._model.load_state_dict({name: torch.tensor(array) for name, array in model.weights.items()})
        if int8:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # deprecated, and still what torch has
                kinds = {torch.nn.LSTM, torch.nn.Linear}
                quantise: Any = torch.ao.quantization.quantize_dynamic
                self._model = quantise(self._model, kinds, torch.qint8)
        kind = "torch dynamic int8" if int8 else "torch eager nn.LSTM"
        self.name = f"{kind}, {self._threads} thread{'s' * (self._threads > 1)}"

    def start(self, batch: int) -> Any:
        """Return zeros."""
        self._torch.set_num_threads(self._threads)
        config = self._model.config
        return tuple(self._torch.zeros(config.layers, batch, config.width) for _ in range(2))

    def step(self, states: Any, characters: bytes) -> tuple[Any, Logits]:
        """Step."""
        with self._torch.inference_mode():
            logits, after = self._model(self._torch.tensor([list(characters)]), states)
        return after, logits[0].numpy()


class Onnx:
    """onnxruntime's LSTM, one thread, as float or dynamically quantised to int8."""

    largest = 8

    def __init__(self, model: Checkpoint, *, int8: bool) -> None:
        import onnx  # noqa: PLC0415 - optional
        import onnxruntime  # noqa: PLC0415 - optional
        from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 - optional

        self.name, self._config = f"onnxruntime {'int8' if int8 else 'fp32'}, 1 thread", model.meta.config
        chosen = onnxruntime.SessionOptions()
        chosen.intra_op_num_threads, chosen.log_severity_level = 1, 3
        with tempfile.TemporaryDirectory() as name:
            file, quantised = Path(name) / "lstm.onnx", Path(name) / "int8.onnx"
            onnx.save(_graph(model), file)
            if int8:
                quantize_dynamic(file, quantised, weight_type=QuantType.QInt8, per_channel=True)
            used = quantised if int8 else file
            self._session = onnxruntime.InferenceSession(used.read_bytes(), chosen, ["CPUExecutionProvider"])

    def start(self, batch: int) -> Any:
        """Return zeros."""
        shape = (1, batch, self._config.width)
        return [np.zeros(shape, np.float32) for _ in range(2 * self._config.layers)]

    def step(self, states: Any, characters: bytes) -> tuple[Any, Logits]:
        """Step."""
        given = {f"in{number}": state for number, state in enumerate(states)}
        logits, *after = self._session.run(None, {"ids": np.frombuffer(characters, np.uint8).astype(np.int64), **given})
        return after, logits


def steppers(model: Checkpoint) -> Iterator[Stepper | str]:
    """Yield all that can step this model here, and a line for each that cannot."""
    yield from (Own(model, path) for path in [*kernel.paths(), "numpy"])
    yield Torch(model, 1)
    yield Torch(model, 0)
    yield from _tried("torch dynamic int8", lambda: Torch(model, 1, int8=True))
    yield from _tried("onnxruntime int8", lambda: Onnx(model, int8=True))
    yield from _tried("onnxruntime fp32", lambda: Onnx(model, int8=False))


def _tried(name: str, make: Any) -> Iterator[Stepper | str]:
    try:
        yield make()
    except Exception as error:  # noqa: BLE001 - an optional package, absent or of a version that lacks something
        yield f"{name} is left out: {type(error).__name__}: {error}"


def _graph(model: Checkpoint) -> Any:
    """Return the model as an ONNX graph of one step."""
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 - optional

    config, arrays = model.meta.config, dict[str, Any]()
    numbers, names = range(config.layers), ["scores"]
    arrays["embedding"], arrays["head"] = model.weights["embedding.weight"], model.weights["head.weight"].T
    arrays["bias"], arrays["time"] = model.weights["head.bias"], np.array([0])
    node, value = helper.make_node, helper.make_tensor_value_info
    nodes = [node("Gather", ["embedding", "ids"], ["x"]), node("Unsqueeze", ["x", "time"], ["y"])]
    below = "y"
    for n in numbers:
        arrays[f"w{n}"], arrays[f"r{n}"] = (_gates(model, f"weight_{part}_l{n}")[None] for part in ("ih", "hh"))
        arrays[f"b{n}"] = np.concatenate([_gates(model, f"bias_{part}_l{n}") for part in ("ih", "hh")])[None]
        made = [f"out{2 * n}", f"out{2 * n + 1}"]
        inputs = [below, f"w{n}", f"r{n}", f"b{n}", "", f"in{2 * n}", f"in{2 * n + 1}"]
        nodes.append(node("LSTM", inputs, ["", *made], hidden_size=config.width))
        below, names = made[0], [*names, *made]
    nodes.append(node("Squeeze", [below, "time"], ["top"]))
    nodes += [node("MatMul", ["top", "head"], ["product"]), node("Add", ["product", "bias"], ["scores"])]
    state = [1, "batch", config.width]
    given = [value("ids", TensorProto.INT64, ["batch"])]
    given += [value(f"in{n}", TensorProto.FLOAT, state) for n in range(2 * config.layers)]
    outputs = [value(name, TensorProto.FLOAT, ["batch", 256] if name == "scores" else state) for name in names]
    held = [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "step", given, outputs, held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _gates(model: Checkpoint, name: str) -> NDArray[np.float32]:
    """Return a weight of torch with its gates in ONNX's order."""
    parts = np.split(model.weights[f"rnn.{name}"], 4)
    return np.concatenate([parts[gate] for gate in _ONNX_GATES])
