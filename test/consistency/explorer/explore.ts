/** One thing that may happen next. */
export interface Step<S> {
  /** The actor and its step, as a trace prints them. */
  readonly label: string;
  /** Something the protocol must survive but that need not happen: an eviction, a crash, a lost message. */
  readonly isFault?: boolean;
  /** Does it, on a copy of the state. `false`: it can't happen now, and the copy is as it was. */
  apply(state: S): boolean;
}

/** A protocol small enough to look at every state it can get into. States are plain JSON. */
export interface Model<S> {
  readonly initial: S;
  /** Everything that may happen in a state, in any order; each becomes a branch. */
  steps(state: S): Step<S>[];
  /** The violation in a state, if there is one. `isSettled`: nothing is left to happen but faults. */
  violation(state: S, isSettled: boolean): string | undefined;
}

/** The result of an exploration. */
export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** The first violation with one of the shortest ways to it; `undefined` when no reachable state is wrong. */
  readonly violation: { readonly what: string; readonly trace: readonly string[] } | undefined;
}

/**
 * Visits every state that any interleaving of the model's steps can reach, nearest first, until one is wrong.
 *
 * @throws RangeError past `maxStates`: an exploration that gave up proves nothing.
 */
export function explore<S>(model: Model<S>, maxStates = 2_000_000): Exploration {
  const initial = JSON.stringify(model.initial);
  const found = new Map([[initial, { from: -1, label: '' }]]);
  const queue = [initial];
  let transitions = 0;
  for (let position = 0; position < queue.length; position++) {
    const current = queue[position] as string;
    const state = JSON.parse(current) as S;
    let isSettled = true;
    let copy = JSON.parse(current) as S;
    for (const step of model.steps(state)) {
      if (!step.apply(copy)) continue;
      transitions++;
      if (!step.isFault) isSettled = false;
      const next = JSON.stringify(copy);
      copy = JSON.parse(current) as S;
      if (found.has(next)) continue;
      found.set(next, { from: position, label: step.label });
      queue.push(next);
    }
    const what = model.violation(state, isSettled);
    if (what !== undefined) {
      return { states: queue.length, transitions, violation: { what, trace: traceTo(current) } };
    }
    if (queue.length > maxStates) throw new RangeError(`More than ${maxStates} states`);
  }
  return { states: queue.length, transitions, violation: undefined };

  function traceTo(key: string): string[] {
    const trace: string[] = [];
    for (let at = found.get(key); at && at.from >= 0; at = found.get(queue[at.from] as string)) trace.unshift(at.label);
    return trace;
  }
}
