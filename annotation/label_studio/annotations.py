"""Which annotation of a task counts, who made it, and whether a person has submitted it."""

from __future__ import annotations

from spotter.language import tr

MAX_LINE = 180  # characters of a model version or an annotator's e-mail address


def choose_annotation(annotations: list[dict], notes: list[str]) -> dict | None:
    """The annotation to import: ground truth before others, then the newest; never a cancelled one."""
    valid = [annotation for annotation in annotations if not annotation.get("was_cancelled")]
    if len(valid) < len(annotations):
        notes.append(
            tr("Cancelled annotations that were ignored: {number}.", number=len(annotations) - len(valid))
        )
    if not valid:
        return None
    order = [
        (bool(a.get("ground_truth")), str(a.get("updated_at") or a.get("created_at") or ""), i)
        for i, a in enumerate(valid)
    ]
    best = max(order)
    if len(valid) > 1:
        people = ", ".join(dict.fromkeys(filter(None, map(annotator, valid))))
        number = len(valid)
        has = (
            tr("It has {number} annotations of {people};", number=number, people=people)
            if people
            else tr("It has {number} annotations;", number=number)
        )
        only = (
            tr("only the ground truth one was imported.")
            if best[0]
            else tr("only the newest one was imported.")
        )
        notes.append(f"{has} {only}")
    return valid[best[2]]


def is_submitted(annotation: dict) -> bool:
    """Whether a person has submitted it in Label Studio: an imported annotation has an id and an owner too,
    but neither a lead time nor an accepted prediction."""
    has_no_lead_time = "lead_time" in annotation and annotation["lead_time"] is None
    if has_no_lead_time and not annotation.get("parent_prediction"):
        return False
    return any(annotation.get(key) for key in ("completed_by", "created_at", "id"))


def annotator(annotation: dict) -> str:
    """The annotator's e-mail address, marked as from Label Studio; "" if unknown."""
    owner = annotation.get("completed_by")
    name = owner.get("email") if isinstance(owner, dict) else annotation.get("created_username")
    name = one_line(name.split(",")[0]) if isinstance(name, str) else ""  # " ann@example.org, 1"
    return f"{name} (Label Studio)" if name else ""


def one_line(text: str) -> str:
    """Printable and short enough for the database."""
    return "".join(character for character in text if character.isprintable()).strip()[:MAX_LINE]
