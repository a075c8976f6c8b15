"""An experiment's figures and samples as Markdown."""

from collections.abc import Iterator

from charwise.experiments.recipe import Recipe
from charwise.experiments.run import Measured

# Characters of a sample that a page shows.
_SHOWN = 600


def markdown(recipe: Recipe, measured: Measured) -> str:
    """Return the page."""
    return "\n".join([*_figures(recipe, measured), *_samples(measured)])


def _figures(recipe: Recipe, measured: Measured) -> Iterator[str]:
    published = recipe.published
    against = f", against {published.nats:.3f}" if published.nats else ""
    yield f"## {recipe.title}\n"
    yield (
        f"{measured.nats:.3f} nats per character of {measured.characters:,} held out ({measured.bpc:.3f} bits)"
        f"{against}: {published.by}. Here {recipe.model.layers}x{recipe.model.width}, {measured.steps:,} steps, "
        f"{measured.minutes:.1f} minutes.\n"
    )
    for check in measured.checks:
        yield f"- {check}"
    yield "\n| pieces of a sample, in characters | not in the training text |\n| ---: | ---: |"
    for length, share in measured.novel.items():
        yield f"| {length} | {share:.0%} |"


def _samples(measured: Measured) -> Iterator[str]:
    for step, text in measured.evolution.items():
        yield f"\nAfter {step:,} steps:\n\n{_quoted(text)}"
    for temperature, text in measured.samples.items():
        yield f"\nTemperature {temperature:g}:\n\n{_quoted(text[:_SHOWN])}"


def _quoted(text: str) -> str:
    return "```\n" + text.replace("```", "'''") + "\n```"
