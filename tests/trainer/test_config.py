"""Settings: what is refused, and what follows from a model's size."""

import pytest

from charwise_trainer.config import ModelConfig, TrainConfig, config_for
from charwise_trainer.errors import ConfigError


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"layers": 0}, "layers is 0"),
        ({"layers": 5}, "layers is 5"),
        ({"layers": True}, "layers is True"),
        ({"width": 0}, "width is 0"),
        ({"width": 1.5}, "width is 1.5"),
        ({"width": 10**9}, "width is 1000000000"),
        ({"embedding": -1}, "embedding is -1"),
        ({"cell": "transformer"}, "cell is 'transformer'"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"dropout": "no"}, "dropout is 'no'"),
    ],
)
def test_model_config_refuses(values: dict[str, object], named: str) -> None:
    """What cannot be built is refused by name, in one line that says what can."""
    with pytest.raises(ConfigError, match=named) as caught:
        ModelConfig(**values)  # type: ignore[arg-type]
    assert "use " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_model_config_round_trip() -> None:
    """A configuration survives JSON; an unknown or a missing key is named."""
    config = ModelConfig(layers=3, width=700, cell="gru", dropout=0.5)
    assert ModelConfig.from_dict(config.to_dict()) == config
    with pytest.raises(ConfigError, match="vocabulary"):
        ModelConfig.from_dict(config.to_dict() | {"vocabulary": 128})
    with pytest.raises(ConfigError, match="cell"):
        ModelConfig.from_dict({"layers": 1, "width": 8, "embedding": 8, "dropout": 0.0})


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"minutes": 1, "epochs": 1}, "two budgets"),
        ({"minutes": 0}, "minutes is 0"),
        ({"epochs": -1}, "epochs is -1"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"rate": float("inf")}, "rate is inf"),
        ({"lanes": 0}, "lanes is 0"),
        ({"window": 10**6}, "window is 1000000"),
        ({"threads": -1}, "threads is -1"),
    ],
)
def test_train_config_refuses(values: dict[str, object], named: str) -> None:
    """What cannot be done is refused by name."""
    with pytest.raises(ConfigError, match=named):
        TrainConfig(**values)  # type: ignore[arg-type]


def test_train_config_default() -> None:
    """Without arguments it trains ten minutes."""
    assert TrainConfig().minutes == 10
    assert TrainConfig(epochs=1).minutes is None


def test_config_for_grows_with_the_corpus() -> None:
    """A larger corpus never gets a smaller model or more dropout."""
    models = [config_for(characters) for characters in (0, 1_000, 100_000, 700_000, 3_000_000, 10**8)]
    sizes = [model.parameters for model in models]
    assert sizes == sorted(sizes)
    dropouts = [model.dropout for model in models]
    assert dropouts == sorted(dropouts, reverse=True)
