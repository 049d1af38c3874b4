"""What a real cluster said of real Jobs: the runs that data/record.py has recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Object = dict[str, Any]
DATA = Path(__file__).parent / "data"


class Run:
    """One recorded run."""

    def __init__(self, name: str) -> None:
        self.folder = DATA / name
        self.job = self._watched("job")
        """What a watch of the Job said: events, one after another."""
        self.pods = self._watched("pods")
        self.events = self._watched("events")
        self.container = "build" if name == "built" else "main"
        self.logs = {path.stem: path.read_text() for path in sorted(self.folder.glob("*.log"))}
        """The whole log of each pod that has one, with times."""

    def pods_until(self, word: str) -> list[Object]:
        """The changes of pods up to the first one that has a word in it."""
        found = [number for number, event in enumerate(self.pods) if word in json.dumps(event)]
        return self.pods[: found[0] + 1]

    @property
    def last_job(self) -> Object:
        """The Job as it was in the end."""
        return dict(self.job[-1]["object"])

    @property
    def last_pods(self) -> list[Object]:
        """Each pod as it was in the end, in the order of their ends."""
        last: dict[str, Object] = {}
        for event in self.pods:
            name = event["object"]["metadata"]["name"]
            last.pop(name, None)
            last[name] = event["object"]
        return list(last.values())

    def _watched(self, what: str) -> list[Object]:
        lines = (self.folder / f"{what}.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


def all_runs() -> list[str]:
    """The names of all runs."""
    return sorted(path.parent.name for path in DATA.glob("*/job.jsonl"))
