"""What the LSTM's last layer has learned outlives the daemon."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from charwise_daemon.adapted import Adapted

_EVEN = np.full(256, 1 / 256)
_HIDDEN = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)


def _taught() -> Adapted:
    adapted = Adapted()
    adapted.begin_with(8)
    assert adapted.adaptation
    for h in _HIDDEN:
        adapted.adaptation.learn(h, adapted.adaptation.probabilities(h, _EVEN), ord("x"))
    return adapted


def _foreseen(adapted: Adapted) -> float:
    assert adapted.adaptation
    return float(adapted.adaptation.probabilities(_HIDDEN[0], _EVEN)[ord("x")])


def test_it_survives() -> None:
    """Through JSON, and whether the model or the file is there first, it predicts as before."""
    taught, later = _taught(), Adapted()
    state = json.loads(json.dumps(taught.state()))
    later.restore(state)
    later.begin_with(8)
    assert _foreseen(taught) > 1.05 / 256
    assert_allclose(_foreseen(later), _foreseen(taught), rtol=0.01)
    again = Adapted()
    again.begin_with(8)
    again.restore(state)
    assert _foreseen(again) == _foreseen(later)


def test_it_goes_on_with_the_next_checkpoint() -> None:
    """A checkpoint of the same width goes on with it; a model of another size begins anew."""
    taught = _taught()
    before = _foreseen(taught)
    taught.begin_with(8)
    assert _foreseen(taught) == before
    taught.begin_with(16)
    assert taught.adaptation
    assert taught.adaptation.width == 16


@pytest.mark.parametrize("state", [None, [], "x", {"weights": 1}, {"weights": [[8], "no base64!"]}])
def test_damaged_state_is_refused(state: object) -> None:
    """Something else is no adaptation: an error, and nothing has changed."""
    taught = _taught()
    before = _foreseen(taught)
    with pytest.raises(ValueError, match="it is no adaptation"):
        taught.restore(state)
    assert _foreseen(taught) == before
