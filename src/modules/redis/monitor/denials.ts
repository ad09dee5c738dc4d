/** Different denials that are remembered. */
const MAX_DENIALS = 20;
const MAX_CHARACTERS = 200;
/** The part of an error of a script that differs from call to call. */
const SCRIPT = /,? ?script: [0-9a-f]+.*$/;

/** What the ACL of Redis has denied to this process, each once. */
export class Denials {
  private readonly denied = new Set<string>();
  private readonly listeners = new Set<(denial: string) => void>();

  /** Takes the error of a command. Errors of Redis name the command, and never a key or value. */
  note(error: unknown): void {
    const denial = (error as Error).message.replace(SCRIPT, '').slice(0, MAX_CHARACTERS);
    if (this.denied.has(denial) || this.denied.size >= MAX_DENIALS) return;
    this.denied.add(denial);
    for (const listener of this.listeners) listener(denial);
  }

  all(): readonly string[] {
    return [...this.denied];
  }

  /** The listener is called once for each different denial. Returns a function that removes it. */
  onDenied(listener: (denial: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
