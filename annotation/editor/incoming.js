// What Python changes on the open photo. It never undoes or disturbs an edit.

import { tr } from "../../spotter/tabs/shared/texts.js";
import { writeValue } from "./edits.js";
import { samePoints } from "./geometry.js";
import { rebaseHistory, rewriteHistory } from "./history.js";
import { isBusy, proposalsOf, remainingSelection } from "./state.js";
import { announce, update } from "./update.js";

/** @import { Editor, Payload, Proposal, Region, Suggestion } from "./types.js" */

/** @param {unknown} a @param {unknown} b */
const isEqual = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Regions changed by Python: not by this person, so no step that can be undone. @param {Editor} editor @param {Payload} value */
export function adopt(editor, { regions, revision, ...photo }) {
  const { state } = editor, { now } = state.history;
  const old = new Map(now.map((r) => [r.id, r]));
  const adopted = regions.map((r) => {
    const known = old.get(r.id);
    return known && isEqual(r, known) ? known : r;
  });
  const isSame = adopted.length === now.length && adopted.every((r, i) => r === now[i]);
  const history = isSame ? state.history : rebaseHistory(state.history, adopted);
  const saving = { ...state.saving, revision };
  update(editor, { photo, revision, history, saving, ...remainingSelection(state, adopted) });
}

/**
 * Texts the spotter proposes, for words that still have the shape that was read.
 * @param {Editor} editor
 * @param {Proposal[]} proposals
 */
export function suggest(editor, proposals) {
  const byId = new Map(proposals.map((proposal) => [proposal.id, proposal]));
  let count = 0;
  const history = rewriteHistory(editor.state.history, (r) => {
    const proposal = byId.get(r.id);
    if (!proposal || (proposal.points && !samePoints(proposal.points, r.points))) return r;
    const suggestion = suggestionFrom(proposal, r);
    if (isEqual(suggestion, r.suggestion)) return r;
    count += suggestion ? 1 : 0;
    return { ...r, suggestion };
  });
  update(editor, { history });
  if (!count) return;
  const isOne = proposals.length === 1;
  announce(editor, isOne
    ? tr("The spotter suggests {text}", { text: proposals[0].text })
    : tr("New suggestions of the spotter"));
}

/**
 * Null when the word has this text already.
 * @param {Proposal} proposal
 * @param {Region} region
 * @returns {Suggestion | null}
 */
function suggestionFrom({ text, score = null, characters = [], model = "" }, region) {
  return text === region.text ? null : { text, score, characters, model };
}

/** The value that came during a drag or while typing, unless the edit made it stale. @param {Editor} editor */
export function adoptPostponed(editor) {
  const { postponed, photo, revision } = editor.state;
  if (!postponed || isBusy(editor.state)) return;
  update(editor, { postponed: null });
  const { value } = postponed;
  if (value.image_id !== photo.image_id) return;
  if (revision === postponed.revision) {
    adopt(editor, value);
    return writeValue(editor);
  }
  suggest(editor, proposalsOf(value.regions));
  if (value.revision < revision) return writeValue(editor);
  update(editor, { revision: value.revision + 1 });  // else Python would take the edit for an old one
  writeValue(editor);
  editor.trigger("input");
}
