"""Many people at once: `python -m annotation.load_benchmark`, or `make load`.

Each opens the page of the real app, corrects words, goes on to the next photo, and now and then has a photo
read, as the page does it. At the end all leave. Runs on Linux, whose /proc knows the app's memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import numpy as np
from PIL import Image

from annotation.browser_benchmark import HEIGHT, WIDTH, app, band
from annotation.region import AnnotationError
from annotation.store.store import Store
from spotter.resources import ASSETS

PHOTOS, WORDS = 5, 60  # of each person; of each photo
PAUSE = 2.0  # seconds on average between two actions of a person
NEXT, READ = 0.12, 0.03  # shares of the actions; all others are edits
TIMEOUT = 120.0  # seconds for an action
REST = 30.0  # seconds after the last one has left
SAMPLE = ASSETS / "samples" / "wall.jpg"
EDIT, OPEN = "edit", "open the page"


@dataclass
class Report:
    """Seconds of all actions by their kind, and what has failed."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)

    def rows(self) -> list[str]:
        head = f"{'seconds':16}{'count':>8}{'median':>8}{'95 %':>8}{'max':>8}"
        return [head, *(_row(name, sorted(times)) for name, times in sorted(self.seconds.items()))]


def _row(name: str, times: list[float]) -> str:
    values = (median(times), times[int(0.95 * (len(times) - 1))], times[-1])
    return f"{name:16}{len(times):8}" + "".join(f"{value:8.2f}" for value in values)


class ActionError(Exception):
    """An action has got this sentence instead of a result."""


class Person:
    """A visitor of the page, who corrects photos of their own."""

    def __init__(self, client: httpx.AsyncClient, report: Report, number: int, images: list[int]) -> None:
        self.client, self.report, self.images = client, report, images
        self.rng, self.session = random.Random(number), uuid.uuid4().hex
        self.sample = _sample(number)
        self.edit: dict[str, Any] = {}

    async def stay(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        async with AsyncExitStack() as stack:
            await self.take(OPEN, self.open(stack))
            while self.edit and time.monotonic() < end:
                await asyncio.sleep(self.rng.uniform(0, 2 * PAUSE))
                chance = self.rng.random()
                if chance < READ:
                    await self.take("read a photo", self.read())
                elif chance < READ + NEXT:
                    await self.take("next photo", self.show_next())
                else:
                    await self.take(EDIT, self.change_word())

    async def take(self, name: str, action) -> None:
        begin = time.monotonic()
        try:
            await action
        except (ActionError, httpx.HTTPError, KeyError, ValueError) as error:
            self.report.errors.append(f"{name}: {error or type(error).__name__}")
        else:
            self.report.seconds[name].append(time.monotonic() - begin)

    async def open(self, stack: AsyncExitStack) -> None:
        page = (await self.client.get("/")).raise_for_status().text
        self.config = json.JSONDecoder().raw_decode(page.partition("window.gradio_config = ")[2])[0]
        self.ids = {each["props"].get("elem_id"): each["id"] for each in self.config["components"]}
        # The page keeps this open; when it ends, the visitor has left.
        await stack.enter_async_context(self.client.stream("GET", f"/gradio_api/heartbeat/{self.session}"))
        await self.call(self.event("correct-tab", "select"), {})
        await self.show_next()

    async def show_next(self) -> None:
        self.images.append(image := self.images.pop(0))
        picked = {"correct-queue": {"picked": [str(image), ""]}, "correct-editor": self.edit or None}
        data = await self.call(self.event("correct-queue", "input"), picked)
        self.edit = data["value"] | {"regions": json.loads(data["value"]["regions"])}

    async def change_word(self) -> None:
        word = self.rng.choice(self.edit["regions"])
        word["text"] = f"word{self.rng.randrange(10**6)}"
        self.edit["revision"] += 1
        data = await self.call(self.event("correct-editor", "input"), {"correct-editor": self.edit})
        if data["pill"]["state"] != "saved":
            raise ActionError(f"{data['pill']['state']}: {data['pill']['message']}")
        self.edit["version"] = data["pill"]["version"]

    async def read(self) -> None:
        files = {"files": ("photo.jpg", self.sample)}
        sent = await self.client.post("/gradio_api/upload", files=files)
        (path,) = sent.raise_for_status().json()
        event = next(each for each in self.config["dependencies"] if each["api_name"] == "read_photo")
        await self.call(event, {"photo": {"path": path, "meta": {"_type": "gradio.FileData"}}})

    def event(self, target: str, kind: str) -> dict:
        wanted = [self.ids[target], kind]
        return next(each for each in self.config["dependencies"] if wanted in each["targets"])

    async def call(self, event: dict, values: dict[str, Any]) -> dict[str, Any]:
        """What the event sends for the editor, {} if it sends nothing. Raises ActionError."""
        names = {self.ids[name]: value for name, value in values.items()}
        edit = values.get("correct-editor")
        if edit:
            kept = ("image_id", "width", "height", "version", "revision")
            sent = {key: edit[key] for key in kept} | {"regions": json.dumps(edit["regions"])}
            names[self.ids["correct-editor"]] = sent
        body = {"fn_index": event["id"], "session_hash": self.session, "trigger_id": event["targets"][0][0]}
        body["data"] = [names.get(number) for number in event["inputs"]]
        joined = await self.client.post("/gradio_api/queue/join", json=body)
        if joined.is_error:
            raise ActionError(joined.text)
        output = await self.result(joined.json()["event_id"])
        if self.ids["correct-editor"] not in event["outputs"]:
            return {}
        return output["data"][event["outputs"].index(self.ids["correct-editor"])]

    async def result(self, event_id: str) -> dict[str, Any]:
        parameters = {"session_hash": self.session}
        async with self.client.stream("GET", "/gradio_api/queue/data", params=parameters) as stream:
            async for line in stream.aiter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("event_id") == event_id and message["msg"] == "process_completed":
                    if not message["success"]:
                        raise ActionError(message["output"].get("error"))
                    return message["output"]
        raise ActionError("The app has ended the connection.")


def _sample(number: int) -> bytes:
    """A JPEG of the sample that differs in one pixel for each person, so that no cache knows it."""
    image, out = Image.open(SAMPLE), BytesIO()
    image.putpixel((0, 0), (number % 256, number // 256, 0))
    image.save(out, "JPEG")
    return out.getvalue()


def fill(store: Store, users: int) -> list[list[int]]:
    """PHOTOS photos for each person, which have been read; their ids."""
    project, rng = store.ensure_project("default"), np.random.default_rng(0)
    words, found = [band(number) for number in range(WORDS)], []
    for number in range(users * PHOTOS):
        out = BytesIO()
        small = rng.integers(0, 255, (10, 14, 3), np.uint8)
        Image.fromarray(small).resize((WIDTH, HEIGHT)).save(out, "JPEG")
        image, _ = store.add_image(project, out.getvalue(), f"photo {number}.jpg")
        store.add_prediction(image.id, "benchmark", words)
        found.append(image.id)
    return [found[start : start + PHOTOS] for start in range(0, len(found), PHOTOS)]


def memory(pid: int) -> float:
    """MB of a process and its children."""
    status = Path(f"/proc/{pid}/status").read_text()
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own / 1024 + sum(memory(int(child)) for child in children)


async def visit(
    address: str, pid: int, images: list[list[int]], seconds: float
) -> tuple[Report, list[float]]:
    """The report, and MB before the first visitor, at most, and after the last one."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=TIMEOUT, limits=limits) as client:
        first = Person(client, Report(), 0, list(images[0]))
        async with AsyncExitStack() as stack:  # the weights are loaded, and each part has run once
            await first.open(stack)
            await first.read()
            await first.change_word()
        await asyncio.sleep(REST / 3)
        report, measured = Report(), [memory(pid)] * 2
        people = [Person(client, report, number, each) for number, each in enumerate(images, 1)]

        async def watch() -> None:
            while True:
                measured[1] = max(measured[1], memory(pid))
                await asyncio.sleep(1)

        watcher = asyncio.create_task(watch())
        await asyncio.gather(*(person.stay(seconds) for person in people))
        watcher.cancel()
    await asyncio.sleep(REST)
    return report, [*measured, memory(pid)]


def main(arguments: list[str] | None = None) -> int:
    """1 if something has failed."""
    parser = argparse.ArgumentParser("python -m annotation.load_benchmark", description=__doc__)
    parser.add_argument("--users", type=int, default=20, help="people at once (default: 20)")
    parser.add_argument("--seconds", type=float, default=120, help="for which they stay (default: 120)")
    options = parser.parse_args(arguments)
    if options.users < 1 or options.seconds <= 0:
        parser.error("--users and --seconds must be above 0.")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/load.db"
        with Store(url) as store:
            images = fill(store, options.users)
        try:
            with app(url, Path(folder) / "app.log") as running:
                visits = visit(running.address, running.pid, images, options.seconds)
                report, (before, most, after) = asyncio.run(visits)
        except (AnnotationError, ActionError, OSError) as error:
            print(f"python -m annotation.load_benchmark: error: {error}", file=sys.stderr)
            return 1
    print(f"{options.users} people for {options.seconds:g} seconds, {len(report.errors)} errors")
    print("\n".join(report.rows()))
    print(f"memory {before:.0f} MB before, {most:.0f} at most, {after:.0f} after: {after - before:+.0f} MB")
    for sentence in report.errors[:10]:
        print(sentence, file=sys.stderr)
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
