import { setTimeout as delay } from 'node:timers/promises';
import type { HttpClient } from './http-client.js';
import type { Recorder } from './recorder.js';
import type { PlannedCall } from './workload.js';

/** Requests that may wait for an answer at one moment. Further ones count as failed: the service is overwhelmed. */
const MAX_OPEN = 2_000;

export interface OpenLoop {
  readonly client: HttpClient;
  readonly origins: readonly string[];
  readonly calls: Iterator<PlannedCall, never>;
  readonly rate: number;
  readonly seconds: number;
  readonly recorder: Recorder;
  /** Called with the time since the start, ms, about every 10 ms. */
  readonly onTick?: (elapsedMs: number) => void;
}

/**
 * Sends requests at a constant rate, by turns to the instances, whether or not earlier ones were answered (an open loop).
 * Resolves when the last one was answered.
 */
export async function runOpenLoop(loop: OpenLoop): Promise<void> {
  const { client, origins, calls, rate, seconds, recorder, onTick } = loop;
  const startedMs = performance.now();
  const open = new Set<Promise<void>>();
  const total = Math.floor(rate * seconds);
  const send = async (index: number, { kind, call }: PlannedCall): Promise<void> => {
    const dueMs = (index / rate) * 1_000;
    const end = (failure?: string): void =>
      recorder.record(kind, dueMs, performance.now() - startedMs - dueMs, failure);
    if (open.size >= MAX_OPEN) return end(`more than ${MAX_OPEN} requests wait`);
    try {
      const { status } = await client.send(origins[index % origins.length]!, call);
      end(status >= 200 && status <= 299 ? undefined : `status ${status}`);
    } catch (error) {
      end((error as NodeJS.ErrnoException).code ?? (error as Error).message);
    }
  };
  for (let sent = 0; sent < total;) {
    const elapsedMs = performance.now() - startedMs;
    for (const due = Math.min(total, Math.floor((elapsedMs / 1_000) * rate) + 1); sent < due; sent++) {
      const request = send(sent, calls.next().value);
      open.add(request);
      void request.finally(() => open.delete(request));
    }
    onTick?.(elapsedMs);
    await delay(Math.min(10, 1_000 / rate));
  }
  await Promise.all(open);
}
