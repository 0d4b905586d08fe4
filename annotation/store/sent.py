"""Which images a Label Studio server has received: without a task there, an image was deleted there."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from annotation.store.store import Store
from annotation.store.tables import SentImageRow


def sent_images(store: Store, server_project: str) -> set[int]:
    """Ids of the images that have been in this project of a server; `server_project`: its address."""
    query = select(SentImageRow.image_id).where(SentImageRow.server_project == server_project)
    with store.read() as session:
        return set(session.scalars(query))


def note_sent(store: Store, server_project: str, image_ids: Iterable[int]) -> None:
    new = set(image_ids) - sent_images(store, server_project)
    with store.write() as session:
        session.add_all(SentImageRow(image_id=i, server_project=server_project) for i in sorted(new))
