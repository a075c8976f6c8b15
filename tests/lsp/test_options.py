"""What an editor can set."""

from typing import Any

import pytest

from charwise_lsp.options import Options, SuggestionOptions, WorkspaceOptions, parse


@pytest.mark.parametrize("given", [None, {}, [], {"suggestions": {}}, {"suggestions": []}, {"workspaces": None}])
def test_nothing_set(given: Any) -> None:
    """Without settings, and with Lua's empty tables, everything is at its default."""
    assert parse(given) == (Options(), [])


def test_everything_set() -> None:
    """Keys are the fields' names in camelCase."""
    given = {
        "suggestions": {
            "automatic": False,
            "maxCharacters": 80,
            "maxLines": 1,
            "alternatives": 3,
            "multiline": "never",
            "eagerness": 0.7,
        },
        "workspaces": {"learn": False, "onBattery": True},
        "progress": False,
        "logLevel": "debug",
    }
    expected = Options(SuggestionOptions(False, 80, 1, 3, "never", 0.7), WorkspaceOptions(False, True), False, "debug")
    assert parse(given) == (expected, [])


def test_layers() -> None:
    """A later layer wins where it says something, and leaves the rest as it was."""
    options, problems = parse(
        {"suggestions": {"maxLines": 1, "alternatives": 2}}, None, {"suggestions": {"maxLines": 4}}
    )
    assert options.suggestions == SuggestionOptions(max_lines=4, alternatives=2)
    assert not problems


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("fast", "the options is 'fast', but must be a map"),
        ({"sugestions": {}}, "unknown option sugestions; known are suggestions, workspaces, progress, logLevel"),
        (
            {"workspaces": {"lern": True}},
            "unknown option workspaces.lern; known are workspaces.learn, workspaces.onBattery",
        ),
        ({"workspaces": True}, "workspaces is True, but must be a map"),
        ({"workspaces": {"learn": None}}, "workspaces.learn is None, but must be true or false"),
        ({"workspaces": {"onBattery": "no"}}, "workspaces.onBattery is 'no', but must be true or false"),
        ({"suggestions": {"eagerness": 2}}, "suggestions.eagerness is 2, but must be a number from 0 to 1, or -1"),
        (
            {"suggestions": {"eagerness": True}},
            "suggestions.eagerness is True, but must be a number from 0 to 1, or -1",
        ),
        ({"suggestions": {"multiline": 1}}, "suggestions.multiline is 1, but must be one of auto, always, never"),
        ({"workspaces": {"learn": 1}}, "workspaces.learn is 1, but must be true or false"),
        ({"suggestions": {"maxLines": True}}, "suggestions.maxLines is True, but must be a whole number, 0 or more"),
        ({"suggestions": {"maxLines": -1}}, "suggestions.maxLines is -1, but must be a whole number, 0 or more"),
        ({"suggestions": {"maxLines": "1"}}, "suggestions.maxLines is '1', but must be a whole number, 0 or more"),
        ({"logLevel": "loud"}, "logLevel is 'loud', but must be one of error, warning, info, debug"),
        ({"logLevel": ["loud"]}, "logLevel is ['loud'], but must be one of error, warning, info, debug"),
        ({"progress": "x" * 1000}, f"progress is '{'x' * 56}..., but must be true or false"),
    ],
)
def test_problems(given: Any, problem: str) -> None:
    """What is not understood is named with what it should be, and stays at its default."""
    assert parse(given) == (Options(), [problem])


def test_problems_do_not_spread() -> None:
    """One bad key costs only itself."""
    options, problems = parse({"progress": 7, "suggestions": {"maxLines": 2, "colour": "red"}, "logLevel": "info"})
    assert options == Options(SuggestionOptions(max_lines=2), log_level="info")
    assert len(problems) == 2
