/**
 * How keys are hidden from queries.
 *
 * @module
 */

/** A key whose score is below this one counts as hidden: its weight is exactly zero. */
export const HIDDEN_BELOW = -1e29;
/** What stands for the score of a hidden key: finite, as differences of infinities are no numbers. */
export const HIDDEN = -1e30;
