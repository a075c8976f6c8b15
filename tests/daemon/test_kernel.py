"""The kernel against float32 and against numpy, on every path that this processor can run."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from charwise_daemon import defaults
from charwise_daemon import kernel as kernels
from charwise_daemon.engine import Array, Engine, engine_of
from charwise_daemon.errors import SettingsError
from charwise_daemon.features import FEATURES, MEMORIES, SOURCES, features_of
from charwise_daemon.gate import Gate
from charwise_daemon.kernel_engine import KernelEngine
from charwise_daemon.kernel_lookup import KernelLookup
from charwise_daemon.lookup import Lookup, Match
from charwise_daemon.shard import Shard, Strip
from charwise_trainer.checkpoint import Checkpoint
from charwise_trainer.config import ModelConfig
from charwise_trainer.corpus import discover, encode
from tests.conftest import make_project
from tests.daemon.conftest import train_tiny

_PATHS = kernels.paths()
# Bounds of int8 weights and inputs, on a trained model: a hundredth of a bit per character, and no probability far off.
_BITS, _SHARE = 0.01, 0.05

needs_kernel = pytest.mark.skipif(not _PATHS, reason="no C compiler was there at installation, so there is no kernel")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A small LSTM, trained for a moment on real code."""
    return train_tiny(tmp_path_factory.mktemp("kernel"), ModelConfig(layers=2, width=72, embedding=16), 12, files=4)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Real code, as the model reads it."""
    files = discover(make_project(tmp_path_factory.mktemp("text") / "project")).files
    return encode(files[-1])[:3000]


def _random(layers: int, width: int, seed: int) -> tuple[dict[str, object], dict[str, Array]]:
    """Return an untrained LSTM of any size; only for whether all sizes and paths agree."""
    chance, weights = np.random.default_rng(seed), {}
    for layer in range(layers):
        weights[f"rnn.weight_ih_l{layer}"] = chance.normal(0, 0.3, (4 * width, width if layer else 5))
        weights[f"rnn.weight_hh_l{layer}"] = chance.normal(0, 0.3, (4 * width, width))
        weights[f"rnn.bias_ih_l{layer}"] = weights[f"rnn.bias_hh_l{layer}"] = chance.normal(0, 0.3, 4 * width)
    weights["embedding.weight"], weights["head.bias"] = chance.normal(0, 1, (256, 5)), chance.normal(0, 0.3, 256)
    weights["head.weight"] = chance.normal(0, 0.3, (256, width))
    single = {name: array.astype(np.float32) for name, array in weights.items()}
    return {"layers": layers, "width": width, "cell": "lstm"}, single


def _on(path: str, model: object, weights: object) -> KernelEngine:
    engine = engine_of(model, weights, path)  # type: ignore[arg-type]
    assert isinstance(engine, KernelEngine)
    return engine


@needs_kernel
@pytest.mark.parametrize("path", _PATHS)
def test_near_float(path: str, trained: Checkpoint, text: bytes) -> None:
    """On text of its kind the int8 model is as good as the float one, and no probability is far off."""
    exact, engine = Engine(trained.meta.model, trained.weights), _on(path, trained.meta.model, trained.weights)
    one, other, bits = exact.start(), engine.start(), list[tuple[float, float]]()
    for character in text:
        wanted, seen = exact.probabilities(one), engine.probabilities(other)
        assert_allclose(seen, wanted, atol=_SHARE)
        bits.append((-float(np.log2(wanted[character])), -float(np.log2(seen[character]))))
        one, (other, after) = exact.step(one, character), engine.advance(other, character)
        assert_allclose(after, engine.probabilities(other), rtol=1e-9)
    wanted_bits, seen_bits = np.mean(bits, axis=0)
    assert wanted_bits < 4.5  # it has learned something that could be lost
    assert seen_bits == pytest.approx(wanted_bits, abs=_BITS)


@needs_kernel
@settings(max_examples=30)
@given(layers=st.integers(1, 4), width=st.integers(1, 90), seed=st.integers(0, 99), characters=st.binary(max_size=40))
def test_paths_agree(layers: int, width: int, seed: int, characters: bytes) -> None:
    """All paths give the same bits, at every size, read at once or step by step; numpy is near."""
    model, weights = _random(layers, width, seed)
    engines = [_on(path, model, weights) for path in _PATHS]
    states = [engine.read(engine.start(), characters) for engine in engines]
    for engine, state in zip(engines, states, strict=True):
        assert_array_equal(state, states[0])
        assert_array_equal(engine.logits(state), engines[0].logits(states[0]))
    stepped = engines[0].start()
    for character in characters:
        stepped = engines[0].step(stepped, character)
    assert_array_equal(stepped, states[0])
    if len(characters) == 1:
        exact = Engine(model, weights)
        assert_allclose(states[0], exact.step(exact.start(), characters[0]), atol=0.1)


@needs_kernel
@settings(max_examples=30)
@given(width=st.integers(1, 70), batch=st.integers(1, 8), seed=st.integers(0, 99))
def test_batch_equals_one_by_one(width: int, batch: int, seed: int) -> None:
    """Several states at once go where each goes alone, on every path."""
    model, weights = _random(2, width, seed)
    characters = bytes(np.random.default_rng(seed).integers(0, 256, batch).tolist())
    for path in _PATHS:
        engine = _on(path, model, weights)
        states = np.stack([engine.read(engine.start(), bytes(range(n))) for n in range(batch)])
        after, scores = engine.step_batch(states, characters)
        for n in range(batch):
            alone = engine.step(states[n], characters[n])
            assert_array_equal(after[n], alone)
            assert_array_equal(scores[n], engine.logits(alone))


@needs_kernel
def test_batch_too_large() -> None:
    """More states than the kernel has room for are refused."""
    engine = _on("portable", *_random(1, 8, 0))
    with pytest.raises(ValueError, match="1 to 8"):
        engine.step_batch(np.stack([engine.start()] * 9), bytes(9))


_words = st.text(alphabet="ab c", max_size=300).map(str.encode)
_any = st.text(alphabet="ab c\0", max_size=300).map(str.encode)


@needs_kernel
@settings(max_examples=300)
@given(text=_any, other=_any, context=_words, more=_any.map(lambda t: t[:20]), data=st.data())
def test_lookup_equals_numpy(text: bytes, other: bytes, context: bytes, more: bytes, data: st.DataObject) -> None:
    """Look-ups count what numpy counts: in shards whole, sampled, masked, with a cursor, and in strips."""
    kernel = kernels.choose("auto").kernel
    assert kernel
    alive = np.array(data.draw(st.lists(st.booleans(), min_size=len(other) + 1, max_size=len(other) + 1)))
    shards = [Shard(text), Shard(other, is_sampled=True).masked(alive), Shard(other * 9, is_sampled=True)]
    first = data.draw(st.integers(0, len(text)))
    strips = [Strip(text, first), Strip(text + b"\0", first, -1, is_end=True)]
    after, escape = data.draw(_any), defaults.escape(data.draw(st.sampled_from(MEMORIES)))
    slow, fast = Lookup(shards, strips, after, escape), KernelLookup(kernel, shards, strips, after, escape)
    one, two = slow.match(context), fast.match(context)
    for character in [*more, None]:
        assert (one.order, one.count) == (two.order, two.count)
        assert_allclose(one.probabilities, two.probabilities, rtol=1e-12)
        assert_allclose(one.habits, two.habits, rtol=1e-12)
        if character is not None:
            one, two = slow.advance(one, character), fast.advance(two, character)


@needs_kernel
def test_lookup_of_many_occurrences() -> None:
    """Where a context occurs so often that borders are searched for, the counts are the same."""
    chance = np.random.default_rng(0)
    shares = [0.3, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05, 0.02, 0.05, 0.03]
    text = bytes(chance.choice(list(b"abcdefgh \n"), 20_000, p=shares).tolist())
    kernel = kernels.choose("auto").kernel
    assert kernel
    shards, after, escape = [Shard(text)], text[1000:1100], defaults.escape("corpus")
    slow, fast = Lookup(shards, [], after, escape), KernelLookup(kernel, shards, [], after, escape)
    for context in (b"", b"a", b"ab", b"h", b"zz", text[976:1000]):
        assert_allclose(slow.match(context).probabilities, fast.match(context).probabilities, rtol=1e-12)


def _with(path: str, monkeypatch: pytest.MonkeyPatch, units: int) -> tuple[Array, Array]:
    """Return the features and the mixtures of some positions, by a gate that has learned from each; one source less."""
    monkeypatch.setenv(kernels.VARIABLE, path)
    chance, features, mixed = np.random.default_rng(3), [], []
    arrays = {"mean": np.zeros(FEATURES), "scale": np.ones(FEATURES), "b1": np.zeros(units)}
    for key, shape in (("w1", (units, FEATURES)), ("w2", (5, units)), ("b2", (5,)), ("w3", (6, units)), ("b3", (6,))):
        arrays[key] = chance.normal(0, 0.1, shape)
    arrays["b3"] += 0.4
    gate = Gate({key: array.astype(np.float32) for key, array in arrays.items()}).without([1])
    for evenness in np.geomspace(0.001, 10, 60):
        distributions = chance.dirichlet(np.full(256, evenness), len(SOURCES))
        distributions[chance.random(len(SOURCES)) < 0.2] = 0.0  # absent
        matches = [
            Match(each, each, int(order), int(order) ** 3, None, 0, 0)
            for each, order in zip(distributions[1:4], chance.integers(0, 25, 3), strict=True)
        ]
        features.append(features_of(distributions, matches, int(chance.integers(0, 256))))
        mixed.append(gate.mix(features[-1], distributions))
        gate.learn(features[-1], distributions, int(mixed[-1].argmax()))
    return np.array(features), np.array(mixed)


@needs_kernel
@pytest.mark.parametrize("units", [1, 24, kernels.MOST_UNITS, kernels.MOST_UNITS + 1])
def test_gate_equals_numpy(units: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features and mixtures are numpy's to single precision, while the gate learns; a larger gate is numpy's."""
    slow, fast = _with("numpy", monkeypatch, units), _with("auto", monkeypatch, units)
    assert_allclose(fast[0], slow[0], atol=2e-5)
    assert_allclose(fast[1], slow[1], rtol=2e-4, atol=1e-9)
    assert_allclose(fast[1].sum(1), 1)


_ARM = shutil.which("aarch64-linux-gnu-gcc"), shutil.which("qemu-aarch64")


@pytest.mark.skipif(not all(_ARM), reason="needs an ARM compiler and qemu: gcc-aarch64-linux-gnu, qemu-user")
def test_arm_under_emulation(tmp_path: Path) -> None:
    """On an ARM processor, which these tests seldom run on, its path and portable C give the same bits."""
    compiler, emulator = (str(program) for program in _ARM)
    source, program = Path(__file__).with_name("kernel_paths.c"), tmp_path / "kernel_paths"
    flags = ["-O2", "-std=gnu11", "-ffp-contract=off", "-static"]
    subprocess.run([compiler, *flags, str(source), "-o", str(program), "-lm"], check=True)
    done = subprocess.run([emulator, str(program)], capture_output=True, text=True, check=False)
    assert done.stdout == "8 runs agree\n"


def test_choice_is_told() -> None:
    """What is used and why can be read; a wish that cannot be met is an error that says what can."""
    assert kernels.choose("numpy").name == "numpy"
    assert kernels.choose("auto").name == (_PATHS[0] if _PATHS else "numpy")
    with pytest.raises(SettingsError, match=r"CHARWISE_KERNEL=fpga cannot be used here; use one of auto.*numpy"):
        kernels.choose("fpga")


@pytest.mark.parametrize(
    ("content", "told"), [(None, "not built"), (b"no library", "cannot be loaded"), ("older", "of build 0")]
)
def test_without_a_kernel(tmp_path: Path, content: bytes | str | None, told: str) -> None:
    """A library that is missing, broken or of another build is not used, and the reason says so."""
    library = tmp_path / "kernel.so"
    if isinstance(content, bytes):
        library.write_bytes(content)
    elif content:
        source = "int charwise_abi(void) { return 0; }"
        command = ["cc", "-shared", "-x", "c", "-", "-o", str(library)]
        try:
            subprocess.run(command, input=source, text=True, check=True)
        except FileNotFoundError:
            pytest.skip("there is no C compiler to build another kernel with")
    program = "from charwise_daemon.kernel import chosen; print(chosen().name, chosen().reason)"
    environment = {"CHARWISE_KERNEL_LIBRARY": str(library), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("numpy")
    assert told in done.stdout
