"""What is remembered of how suggestions fared: the ledger and the feedback, kept from one daemon to the next."""

from pathlib import Path
from typing import Any

from charwise_daemon.feedback import Feedback
from charwise_daemon.kept import Kept
from charwise_daemon.ledger import Ledger


class Journal:
    """Ledger and feedback with their files in a folder, or in memory alone where there is none."""

    def __init__(self, folder: Path | None = None) -> None:
        self.ledger, self.feedback = Ledger(), Feedback()
        self._kept: list[Kept] = []
        if folder:
            statistics = Kept(folder / "statistics.json", self.ledger)
            thresholds = Kept(folder / "feedback.json", self.feedback)
            self.ledger.changed, self.feedback.changed = statistics.changed, thresholds.changed
            self._kept = [statistics, thresholds]

    def __repr__(self) -> str:
        return f"Journal({self.ledger}, {self.feedback})"

    def report(self) -> dict[str, Any]:
        """Return what `charwise status` shows of it."""
        return {**self.ledger.state(), "price_factors": self.feedback.factors()}

    async def clear(self) -> None:
        """Forget everything, on the disk too."""
        self.ledger.clear()
        self.feedback.clear()
        await self.flush()

    async def flush(self) -> None:
        """Write what has changed."""
        for each in self._kept:
            await each.flush()
